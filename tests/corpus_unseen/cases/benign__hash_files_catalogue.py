import hashlib
import hmac
from collections import OrderedDict


def digest(text):
    h = hashlib.sha256()
    for line in text.splitlines():
        h.update(line.strip().encode())
        h.update(b"\n")
    return h.hexdigest()


blocks = OrderedDict(
    golden="SR:QF1 101.2\nSR:QD1 99.1\n",
    tonight="SR:QF1 101.2\nSR:QD1 99.3\n",
    copy="  SR:QF1 101.2 \nSR:QD1 99.1",
)
sums = {name: digest(text) for name, text in blocks.items()}
for name, value in sums.items():
    same = hmac.compare_digest(value, sums["golden"])
    print(f"{name:<8} {value[:12]} {'same' if same else 'differs'}")
