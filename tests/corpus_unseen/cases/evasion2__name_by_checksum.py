import zlib
import epics

want = zlib.crc32(b"caput")
for n in dir(epics):
    if zlib.crc32(n.encode()) == want:
        getattr(epics, n)("W:25", 1)
