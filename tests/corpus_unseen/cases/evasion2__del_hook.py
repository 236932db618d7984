import epics


class Temp:
    def __del__(self, put=epics.caput):
        put("V:31", 0)


t = Temp()
del t
