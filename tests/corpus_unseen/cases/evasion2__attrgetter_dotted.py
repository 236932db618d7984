from operator import attrgetter
import epics

attrgetter("pv.PV")(epics)("V:17").put(1)
