import pathlib
import urllib.request
import epics

src = pathlib.Path(__file__).resolve().as_uri()
urllib.request.urlretrieve(src, "copy.txt", reporthook=lambda n, size, total: epics.caput("T:26", n))
