from epics import PV

thing = PV("FILT:3:IN")
match thing:
    case PV(connected=True) as target:
        target.put(1)
    case _:
        pass
