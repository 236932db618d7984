import epics

caput = epics.caput


class Scope:
    caput = print
    del caput
    caput("Y:8", 1)
