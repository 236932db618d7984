from epics import caput as c
if 1: c("Z:58", 1)