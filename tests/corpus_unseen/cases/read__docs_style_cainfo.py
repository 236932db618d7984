import epics

for name in ("SR:DCCT:CURRENT", "SR:RF:FREQ"):
    epics.cainfo(name)
    pv = epics.PV(name, connection_timeout=2)
    if pv.connect(timeout=2):
        print(pv.host, pv.type, pv.nelm, pv.access)
        tv = pv.get_timevars()
        print("severity", tv["severity"], "value", pv.get())
