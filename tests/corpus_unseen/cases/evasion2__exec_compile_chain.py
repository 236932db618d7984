code = compile("from epics import caput\ncaput('U:40', 1)", "<tool>", "exec")
exec(code, {})
