import epics


class Steps:
    n = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.n += 1
        if self.n > 2:
            raise StopIteration
        return epics.caput("V:36", self.n)


a, b = Steps()
