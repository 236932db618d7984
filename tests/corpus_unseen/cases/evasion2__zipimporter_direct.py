import zipfile
import zipimport

zipfile.ZipFile("p2.zip", "w").writestr("beamcalc.py", "from epics import PV\nPV('U:17').value = 1\n")
zipimport.zipimporter("p2.zip").load_module("beamcalc")
