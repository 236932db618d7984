"""Dry run: the name `epics` is a small recorder here, the library is not imported."""


class Recorder:
    def __init__(self):
        self.values = {"SR:HCM1:SP": 0.0}
        self.journal = []

    def caget(self, name, default=0.0):
        return self.values.get(name, default)

    def caput(self, name, value, wait=False):
        self.journal.append((name, self.values.get(name), value))
        self.values[name] = value


epics = Recorder()
for k in range(5):
    now = epics.caget("SR:HCM1:SP")
    epics.caput("SR:HCM1:SP", now + 0.1, wait=True)
for name, old, new in epics.journal:
    print(f"{name}: {old:.1f} -> {new:.1f}")
