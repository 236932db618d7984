from epics.pv import PV as Knob

knob = Knob("LI:PHASE:SP")
knob.value = 44
