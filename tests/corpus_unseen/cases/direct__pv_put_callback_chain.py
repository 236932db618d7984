from epics import PV

finished = []


def on_done(pvname=None, data=None, **kw):
    finished.append((pvname, data))


phase = PV("RF:CAV1:PHASE:SP")
for n, angle in enumerate((10, 20, 30)):
    phase.put(angle, callback=on_done, callback_data=n)
print(finished)
