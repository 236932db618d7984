import epics
+epics.caput("Z:21", 1)
-epics.caput("Z:22", 1)
