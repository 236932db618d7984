import pydoc

pydoc.locate("epics.caput")("U:2", 1)
