import epics

job = {"verb": epics.caput, "to": "FILT:4:IN"}
match job:
    case {"verb": act, "to": name}:
        act(name, 0)
