pvs = {
    "SR:QF1:SP": {"value": 101.2, "egu": "A"},
    "SR:QD1:SP": {"value": 99.1, "egu": "A"},
}


class Row:
    def __init__(self, name, value, egu):
        self.name, self.value, self.egu = name, value, egu


rows = [Row(name, **fields) for name, fields in pvs.items()]
for row in rows:
    row.value = row.value * 1.01
    row.VAL = round(row.value, 2)
    pvs[row.name]["value"] = row.VAL
pvs["SR:QF1:SP"].update(value=100.0)
del pvs["SR:QD1:SP"]["egu"]
print(pvs)
