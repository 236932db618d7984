from collections import ChainMap
import epics

ChainMap({}, {"set": epics.caput}).get("set")("V:95", 1)
