from epics import PV, caput, caget, get_pv, caget_many, caput_many
