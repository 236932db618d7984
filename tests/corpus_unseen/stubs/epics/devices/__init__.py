from ..device import Device


class ai(Device):
    def __init__(self, prefix, **kw):
        Device.__init__(self, prefix, delim='.', attrs=['VAL', 'EGU'])


class ao(ai):
    pass


class Scan(Device):
    def __init__(self, name, **kw):
        Device.__init__(self, name, delim='.', attrs=['EXSC', 'NPTS', 'P1SP', 'P1EP', 'P1PV'])


class Scaler(Device):
    def __init__(self, prefix, **kw):
        Device.__init__(self, prefix, delim='.', attrs=['CNT', 'TP'])

    def Count(self, ctime=None, wait=False):
        self.put('CNT', 1)
