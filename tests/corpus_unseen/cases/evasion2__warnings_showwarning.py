import warnings
import epics

warnings.showwarning = lambda *a, **k: epics.caput("V:106", 1)
warnings.warn("look")
