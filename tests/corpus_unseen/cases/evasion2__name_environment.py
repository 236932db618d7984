import os
import epics

os.environ["MODE"] = "put"
getattr(epics, "ca" + os.environ["MODE"])("W:20", 1)
