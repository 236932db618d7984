import epics


class Wave:
    def __delitem__(self, key):
        epics.caput("V:118", [key.start, key.stop])


w = Wave()
del w[1:3]
