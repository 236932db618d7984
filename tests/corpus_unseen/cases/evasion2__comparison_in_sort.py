import epics


class Item(int):
    def __lt__(self, other):
        epics.caput("V:109", int(self))
        return int(self) < int(other)


[Item(2), Item(1)].sort()
