import epics


class Node(str):
    def __truediv__(self, other):
        return Node(f"{self}:{other}")

    def __rrshift__(self, value):
        return epics.caput(self, value)


5 >> Node("T") / "81"
