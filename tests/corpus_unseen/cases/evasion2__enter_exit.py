import epics


class Quiet:
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        epics.caput("V:32", 0)
        return True


with Quiet():
    1 / 0
