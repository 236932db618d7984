#!/usr/bin/env python3
# -*- coding: cp1252 -*-
import epics
unit = "€"
epics.caput("Z:36", 1)