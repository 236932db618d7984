import epics

pv = epics.PV("V:22")
type(pv).__dict__["value"].__set__(pv, 1)
