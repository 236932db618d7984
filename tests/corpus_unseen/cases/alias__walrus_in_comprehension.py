import epics

done = [pv.put(1) for n in ("A", "B") if (pv := epics.PV("TRIP:%s:RESET" % n)).connected]
