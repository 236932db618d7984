# what: say again what the runner says first
# expect: closed
# control: none, how it ends is what is asked
import os

for _ in range(3):
    os.write(1, b"holdpoint: ready\n")
    os.write(2, b"holdpoint: ready\ng\nc\n")
try:
    os.write(0, b"go\ng\nc\n")
except OSError:
    pass
results = {"open": []}
