import epics
# set upepics.caput("Z:45", 1)