import codecs
import epics

codecs.register_error("fix", lambda e: (str(epics.caput("V:62", 1)), e.end))
b"\xff".decode("ascii", "fix")
