from epics.devices import Scan

scan = Scan("IOC:scan1")
scan.put("NPTS", 41)
scan.put("P1SP", -1.0)
scan.put("P1EP", 1.0)
scan.EXSC = 1
