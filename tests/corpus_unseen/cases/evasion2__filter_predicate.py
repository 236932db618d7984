import epics

any(filter(lambda n: epics.caput(n, 0), ("V:75", "V:76")))
