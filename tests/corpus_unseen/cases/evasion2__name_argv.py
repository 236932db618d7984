import sys
import epics

getattr(epics, sys.argv[1])(sys.argv[2], float(sys.argv[3]))
