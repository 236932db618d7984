import cProfile
import io
import contextlib

with contextlib.redirect_stdout(io.StringIO()):
    cProfile.run("import epics; epics.caput('U:47', 1)")
