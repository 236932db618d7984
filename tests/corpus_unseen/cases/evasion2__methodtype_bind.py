import types
import epics

write_to = types.MethodType(epics.caput, "V:84")
write_to(1)
