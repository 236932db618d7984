from _rec import note


class PyJapc:
    def __init__(self, selector='', incaAcceleratorName=None, noSet=False, **kw):
        self.noSet = noSet

    def rbacLogin(self, *a, **k):
        pass

    def rbacLogout(self):
        pass

    def setSelector(self, s):
        pass

    def getParam(self, name, **kw):
        note('read', 'pyjapc.getParam', name)
        return 1.5

    def setParam(self, name, value, **kw):
        note('write', 'pyjapc.setParam', name, value)
