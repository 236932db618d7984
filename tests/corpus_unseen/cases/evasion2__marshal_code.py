import marshal

blob = marshal.dumps(compile("import epics; epics.caput('U:70', 1)", "m", "exec"))
exec(marshal.loads(blob))
