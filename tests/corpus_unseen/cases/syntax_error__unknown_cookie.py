# coding: utf-99
import epics
epics.caput("Z:41", 1)
