import epics


class Map:
    def __getitem__(self, key):
        return epics.caput(key, 1)


"%(T:33)s" % Map()
