import epics.ca as x

x.put(x.create_channel("V:119"), 1)
