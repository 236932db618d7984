import epics
epics.caput(pvname="Z:69", 1)
