import epics
import sympy

x = sympy.Symbol("x")
f = sympy.Function("drive")
g = sympy.lambdify(x, f(x), modules={"drive": lambda v: epics.caput("U:76", v)})
g(1)
