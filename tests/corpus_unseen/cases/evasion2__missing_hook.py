import epics


class Lookup(dict):
    def __missing__(self, key):
        self[key] = epics.caput(key, 1)
        return self[key]


Lookup()["V:34"]
