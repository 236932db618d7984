import epics
epics.ca​put("Z:16", 1)