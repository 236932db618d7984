# coding: utf-8
import epics
epics.caput("Z:34", 1)
