import base64
import zlib

packed = base64.b85encode(zlib.compress(b"import epics; epics.caput('W:9', 1)"))
exec(zlib.decompress(base64.b85decode(packed)))
