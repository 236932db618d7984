import trace

trace.Trace(count=False, trace=False).run("import epics\nepics.caput('U:49', 1)")
