import at
import numpy as np

qf = at.Quadrupole("QF", 0.5, 0.5)
qd = at.Quadrupole("QD", 0.5, -0.5)
drift = at.Drift("D", 2.0)
bend = at.Dipole("B", 1.5, 2 * np.pi / 32)
ring = at.Lattice([qf, drift, bend, drift, qd, drift, bend, drift] * 16, energy=2.0e9)

_, data, optics = at.get_optics(ring, refpts=range(len(ring)), get_chrom=True)
print("tunes", data.tune, "chromaticity", data.chromaticity)

for strength in np.linspace(0.46, 0.54, 5):
    for element in ring:
        if isinstance(element, at.Quadrupole):
            element.K = np.sign(element.K) * strength
    nu = at.get_tune(ring)
    print(f"K = {strength:.3f}: {nu}")
