# coding: raw_unicode_escape
import epics
epics.\u0063aput("Z:40", 1)
