import epics


class Leaf:
    def __init__(self, name):
        self._pv = epics.PV(name)

    def __float__(self):
        return float(self._pv.get())

    def __repr__(self):
        return f"{self._pv.pvname}={float(self):.2f}"


class Node:
    def __init__(self, prefix, **children):
        self.__dict__.update(
            (key, Node(prefix + key.upper() + ":", **sub) if isinstance(sub, dict) else Leaf(prefix + sub))
            for key, sub in children.items()
        )

    def leaves(self):
        for child in vars(self).values():
            if isinstance(child, Node):
                yield from child.leaves()
            else:
                yield child


linac = Node("LN:", gun={"temp": "TEMP", "charge": "Q"}, kly={"hv": "HV"})
print(float(linac.gun.temp) > 0)
print(*linac.leaves(), sep="\n")
