# coding: shift_jis
import epics
title = "表"; epics.caput("Z:37", 1); rest = "ソ"