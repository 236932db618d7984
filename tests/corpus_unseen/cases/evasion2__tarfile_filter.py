import io
import tarfile
import epics

buf = io.BytesIO()
with tarfile.open(fileobj=buf, mode="w") as t:
    t.addfile(tarfile.TarInfo("a"), io.BytesIO())
buf.seek(0)
with tarfile.open(fileobj=buf) as t:
    t.extractall("out", filter=lambda m, p: epics.caput("T:23", 1) and None)
