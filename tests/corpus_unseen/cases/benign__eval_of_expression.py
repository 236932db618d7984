import math

FORMULAS = {
    "gamma": "3.0e9 / 0.51099895e6",
    "rigidity": "3.0 / 0.299792458",
    "wavelength": "0.02 / (2 * gamma**2) * (1 + K**2 / 2)",
}
values = {"K": 1.8, "math": math}
for name, formula in FORMULAS.items():
    values[name] = eval(formula, {"__builtins__": {}}, values)
    print(f"{name:<11} {values[name]:.6g}")
