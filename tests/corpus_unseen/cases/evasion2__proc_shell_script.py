import os

with open("go.sh", "w") as f:
    print("#!/bin/sh\ncaput X:9 1", file=f)
os.chmod("go.sh", 0o755)
os.system("./go.sh")
