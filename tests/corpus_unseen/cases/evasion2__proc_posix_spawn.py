import os

pid = os.posix_spawnp("caput", ["caput", "X:12", "1"], os.environ)
os.waitpid(pid, 0)
