import base64
import math
import struct
import zlib

samples = [int(2047 * math.sin(2 * math.pi * k / 64)) for k in range(256)]
header = struct.pack(">4sHH", b"WAVE", 1, len(samples))
payload = header + struct.pack(f">{len(samples)}h", *samples)
text = base64.b64encode(zlib.compress(payload, 9)).decode("ascii")
print(len(payload), "bytes ->", len(text), "characters")

raw = zlib.decompress(base64.b64decode(text))
magic, version, n = struct.unpack_from(">4sHH", raw)
values = struct.unpack_from(f">{n}h", raw, struct.calcsize(">4sHH"))
assert magic == b"WAVE" and list(values) == samples
print("version", version, "max", max(values))
