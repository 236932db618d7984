import os

os.system("""python3 - <<'END'
import epics
epics.caput('X:6', 1)
END""")
