import epics

box = {}
box.setdefault("f", epics.caput)
box.pop("f")("V:94", 1)
