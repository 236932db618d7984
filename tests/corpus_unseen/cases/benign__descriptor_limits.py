class Limited:
    """Attribute that refuses values outside its band."""

    def __init__(self, low, high):
        self.low, self.high = low, high

    def __set_name__(self, owner, name):
        self.slot = "_" + name

    def __get__(self, obj, owner=None):
        if obj is None:
            return self
        return getattr(obj, self.slot, self.low)

    def __set__(self, obj, value):
        if not self.low <= value <= self.high:
            raise ValueError(f"{value} not in [{self.low}, {self.high}]")
        setattr(obj, self.slot, value)


class MagnetModel:
    current = Limited(-10.0, 10.0)
    temperature = Limited(0.0, 80.0)

    def field(self):
        return 0.031 * self.current * (1 - 2e-4 * (self.temperature - 20))


magnet = MagnetModel()
magnet.temperature = 35
for i in (-5, 0, 5, 12):
    try:
        magnet.current = i
        print(i, "A ->", round(magnet.field(), 5), "T")
    except ValueError as err:
        print("refused:", err)
