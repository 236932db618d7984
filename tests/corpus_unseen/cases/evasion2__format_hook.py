import epics


class Num(float):
    def __format__(self, spec):
        epics.caput("V:33", float(self))
        return spec


print(f"{Num(2.5):.2f}")
