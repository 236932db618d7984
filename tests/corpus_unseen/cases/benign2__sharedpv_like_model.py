class SharedPV:
    def __init__(self, initial=None):
        self._value = initial
        self._open = False
        self._log = []

    def open(self, value):
        self._value, self._open = value, True

    def post(self, value):
        if not self._open:
            raise RuntimeError("not open")
        self._value = value
        self._log.append(value)

    def current(self):
        return self._value


pvs = {name: SharedPV() for name in ("sim:current", "sim:lifetime")}
for pv in pvs.values():
    pv.open(0.0)
for step in range(4):
    pvs["sim:current"].post(300 - step)
    pvs["sim:lifetime"].post(11 + 0.1 * step)
print({n: pv.current() for n, pv in pvs.items()})
