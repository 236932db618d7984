import epics


class Log(list):
    pass


class Plain:
    def put(self, v):
        print(v)


p = Plain()
p.pvname = "V:81"
p.__class__ = epics.PV
p.put(1)
