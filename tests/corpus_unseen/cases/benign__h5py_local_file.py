import h5py
import numpy as np

path = "scan_0042.h5"
with h5py.File(path, "w") as f:
    f.create_dataset("motor/position", data=np.linspace(0, 5, 51))
    f.create_dataset("detector/counts", data=np.random.default_rng(0).poisson(50, 51))
    f["motor"].attrs["pv"] = "BL7:SMP:X"
    f.attrs["operator"] = "night shift"

with h5py.File(path, "r") as f:
    position = f["motor/position"][:]
    counts = f["detector/counts"][()]
    print(f.attrs["operator"], f["motor"].attrs["pv"])
    f.visit(lambda name: print("  ", name))
print("centre of mass", (position * counts).sum() / counts.sum())
