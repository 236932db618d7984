import epics


class Do:
    it = staticmethod(epics.caput)


Do.it("GAS:FLOW", 0.9)
