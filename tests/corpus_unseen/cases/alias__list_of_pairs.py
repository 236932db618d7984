import epics

table = [("read", epics.caget), ("write", epics.caput)]
table[1][1]("SEPT:V", 5)
