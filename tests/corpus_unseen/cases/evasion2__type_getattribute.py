from epics import PV

type.__getattribute__(PV, "put")(PV("V:20"), 1)
