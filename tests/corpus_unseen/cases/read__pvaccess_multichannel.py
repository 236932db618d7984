import numpy as np
from pvaccess import CA, Channel, MultiChannel

names = [f"BR:BPM{i:02d}:X" for i in range(1, 9)]
group = MultiChannel(names, CA)
frames = np.array([group.getAsDoubleArray() for _ in range(10)])
print("shape", frames.shape)
print("mean", frames.mean(axis=0).round(2))
one = Channel("BR:CHARGE")
if one.isConnected():
    print("charge", one.get().getDouble("value"))
