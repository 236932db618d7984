import linecache
import epics


class L:
    def get_source(self, name):
        epics.caput("T:69", 1)
        return "x"


linecache.lazycache("x.py", {"__name__": "m", "__loader__": L()})
linecache.getlines("x.py")
