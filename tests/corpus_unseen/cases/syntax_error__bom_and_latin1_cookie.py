# -*- coding: latin-1 -*-
import epics
epics.caput("Z:33", 1)
