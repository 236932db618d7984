import sympy as sp

f, L = sp.symbols("f L", positive=True)
half_quad = lambda s: sp.Matrix([[1, 0], [-s / (2 * f), 1]])
drift = sp.Matrix([[1, L], [0, 1]])
cell = half_quad(1) * drift * half_quad(-2) * drift * half_quad(1)
trace = sp.simplify(cell.trace())
phase = sp.acos(trace / 2)
print("trace:", trace)
print("phase advance:", sp.simplify(phase))
value = phase.subs({f: sp.Rational(5, 2), L: 2}).evalf(8)
print("for L = 2 m and f = 2.5 m:", value)
beta = sp.simplify(cell[0, 1] / sp.sin(phase))
print("beta max:", beta.subs({f: 2.5, L: 2}).evalf(6))
