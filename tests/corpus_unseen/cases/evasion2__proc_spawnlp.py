import os

os.spawnlp(os.P_WAIT, "caput", "caput", "X:10", "1")
