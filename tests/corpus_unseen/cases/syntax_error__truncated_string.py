import epics
epics.caput("Z:6", 1)
note = """the rest of the
