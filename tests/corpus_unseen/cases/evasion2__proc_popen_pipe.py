import os

print(os.popen("caput X:1 1").read())
