import _interpreters

i = _interpreters.create("legacy")
_interpreters.run_string(i, "import epics; epics.caput('T:63', 1)")
_interpreters.destroy(i)
