import copy
import copyreg
import epics


class Point:
    pass


copyreg.pickle(Point, lambda p: (epics.caput, ("U:69", 1)))
copy.copy(Point())
