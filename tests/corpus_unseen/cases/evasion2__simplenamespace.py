from types import SimpleNamespace
import epics

kit = SimpleNamespace(**{k: v for k, v in vars(epics).items() if k[0] == "c"})
kit.caput("V:98", 1)
