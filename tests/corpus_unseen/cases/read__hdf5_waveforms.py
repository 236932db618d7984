import datetime as dt

import h5py
import numpy as np
from epics import PV

scopes = {f"ch{i}": PV(f"SCOPE1:CH{i}:WF") for i in range(1, 5)}
shots = 5

with h5py.File("scope_shots.h5", "w") as h5:
    h5.attrs["started"] = dt.datetime.now().isoformat()
    for shot in range(shots):
        grp = h5.create_group(f"shot{shot:03d}")
        for label, pv in scopes.items():
            trace = pv.get(as_numpy=True, timeout=2.0)
            if trace is None:
                continue
            dset = grp.create_dataset(label, data=np.asarray(trace, dtype="f4"), compression="gzip")
            dset.attrs["pv"] = pv.pvname
print("stored", shots, "shots")
