import os
import shutil
import epics

os.mkdir("a")
open("a/T24", "w").close()
shutil.copytree("a", "b", copy_function=lambda s, d: epics.caput(os.path.basename(s), 1))
