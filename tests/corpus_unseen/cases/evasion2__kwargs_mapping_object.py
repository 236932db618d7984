import epics


class Opts:
    def keys(self):
        return ["a"]

    def __getitem__(self, k):
        return epics.caput("T:70", 1)


dict(**Opts())
