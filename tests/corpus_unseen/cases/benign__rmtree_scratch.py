import os
import shutil
import numpy as np

scratch = "scratch_fit"
os.makedirs(scratch, exist_ok=True)
try:
    for k in range(3):
        np.savetxt(os.path.join(scratch, f"part{k}.txt"), np.random.default_rng(k).normal(size=(5, 2)))
    parts = [np.loadtxt(os.path.join(scratch, f)) for f in sorted(os.listdir(scratch))]
    print(np.vstack(parts).mean(axis=0))
finally:
    shutil.rmtree(scratch)
