class Namespace:
    """Dictionary with attribute access."""

    def __init__(self, **items):
        object.__setattr__(self, "_items", dict(items))

    def __getattr__(self, name):
        try:
            return self._items[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        self._items[name] = value

    def __iter__(self):
        return iter(self._items.items())


beam = Namespace(energy=3.0e9, charge=1.0e-9)
beam.current = 0.3
beam.value = beam.current * 1e3
beam.gamma = beam.energy / 0.51099895e6
for key, value in beam:
    print(f"{key:<8} {value:.6g}")
