import pathlib
import runpy

p = pathlib.Path("step_one.py")
p.write_text("from epics import caput\ncaput('U:13', 1)\n")
runpy.run_path(str(p))
