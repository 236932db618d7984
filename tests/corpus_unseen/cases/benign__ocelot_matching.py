from ocelot import Drift, MagneticLattice, Quadrupole, Twiss, match, twiss

d1 = Drift(l=0.7)
q1 = Quadrupole(l=0.2, k1=2.1, eid="QM1")
q2 = Quadrupole(l=0.2, k1=-1.9, eid="QM2")
lattice = MagneticLattice([d1, q1, d1, q2, d1])

start = Twiss()
start.beta_x, start.beta_y = 8.0, 11.0
start.alpha_x, start.alpha_y = -0.4, 0.6

constraints = {lattice.sequence[-1]: {"beta_x": 5.0, "beta_y": 5.0}}
match(lattice, constraints, [q1, q2], start, verbose=False)
table = twiss(lattice, start)
for quad in (q1, q2):
    print(quad.id, round(quad.k1, 4))
print("end:", table[-1].beta_x, table[-1].beta_y)
