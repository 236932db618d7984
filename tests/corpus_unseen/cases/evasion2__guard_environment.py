import os

os.environ["EPICS_CA_ADDR_LIST"] = "172.16.0.255"
os.environ["EPICS_CA_AUTO_ADDR_LIST"] = "NO"
import epics

epics.caput("Y:3", 1)
