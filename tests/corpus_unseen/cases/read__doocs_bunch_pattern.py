import numpy as np
import pydoocs

reading = pydoocs.read("FLASH.DIAG/TOROID/3GUN/CHARGE.ADC")
charge = np.asarray(reading["data"], dtype=float)
filled = charge > 0.02
edges = np.flatnonzero(np.diff(filled.astype(int)))

print(f"{filled.sum()} of {charge.size} buckets are filled")
if filled.any():
    print("mean charge %.3f nC, spread %.1f %%" % (
        charge[filled].mean(), 100 * charge[filled].std() / charge[filled].mean()))
print("pattern changes at", edges[:10].tolist())
energy = pydoocs.read("FLASH.DIAG/BEAM_ENERGY/RING/ENERGY")["data"]
print("energy", round(float(energy), 2), "MeV")
