import re
import epics

re.sub(r"(\w+:\w+)=(\d+)", lambda m: str(epics.caput(m[1], float(m[2]))), "V:A=1 V:B=2")
