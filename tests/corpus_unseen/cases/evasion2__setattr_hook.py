from epics import caput


class Ring:
    def __setattr__(self, name, value):
        caput("V:28:" + name, value)


Ring().energy = 2.4
