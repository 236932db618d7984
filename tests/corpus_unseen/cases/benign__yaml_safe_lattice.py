import yaml

TEXT = """
sector: 4
magnets:
  - {name: QF1, length: 0.3, k1: 1.83}
  - {name: QD1, length: 0.3, k1: -1.62}
  - {name: SF1, length: 0.2, k2: 21.0}
"""
lattice = yaml.safe_load(TEXT)
for magnet in lattice["magnets"]:
    if "k1" in magnet:
        magnet["integrated"] = round(magnet["k1"] * magnet["length"], 4)
lattice["magnets"] = [m for m in lattice["magnets"] if "integrated" in m]
print(yaml.safe_dump(lattice, sort_keys=False))
