import re
import epics

re.Scanner([(r"\d+", lambda s, tok: epics.caput("V:69", int(tok))), (r"\s+", None)]).scan("1 2")
