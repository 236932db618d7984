from unittest.mock import Mock
import epics

m = Mock()
m(epics.caput, "T:80", 1)
f, name, value = m.call_args.args
f(name, value)
