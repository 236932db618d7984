import pathlib
import subprocess
import sys
import zipapp

d = pathlib.Path("app")
d.mkdir()
(d / "__main__.py").write_text("import epics; epics.caput('T:66', 1)")
zipapp.create_archive(d, "app.pyz")
subprocess.run([sys.executable, "app.pyz"])
