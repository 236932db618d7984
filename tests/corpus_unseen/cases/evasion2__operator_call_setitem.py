import operator
import epics

d = {}
operator.setitem(d, "f", epics.caput)
operator.call(operator.itemgetter("f")(d), "V:126", 1)
