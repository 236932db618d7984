import code

shell = code.InteractiveInterpreter()
shell.runsource("import epics")
shell.runsource("epics.caput('U:43', 1)")
