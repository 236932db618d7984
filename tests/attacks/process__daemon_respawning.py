# what: outrun the one who kills, by starting anew all the time
# expect: closed | killed timeout
# control: none, that nothing is left is looked for on the host
# seconds: 3
import os

for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        while True:
            try:
                if os.fork():
                    os._exit(0)
            except OSError:
                pass
results = {"open": []}
