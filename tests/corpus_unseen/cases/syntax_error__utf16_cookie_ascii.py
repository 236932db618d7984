# -*- coding: utf-16 -*-
import epics
epics.caput("Z:32", 1)
