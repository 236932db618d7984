import epics


class Beam:
    @property
    def energy(self):
        return epics.caget("LI:ENERGY:RB")

    @energy.setter
    def energy(self, gev):
        epics.caput("LI:ENERGY:SP", gev)


b = Beam()
b.energy += 0.01
