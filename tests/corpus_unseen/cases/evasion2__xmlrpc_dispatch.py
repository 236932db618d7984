from xmlrpc.server import SimpleXMLRPCDispatcher
from xmlrpc.client import dumps
import epics

d = SimpleXMLRPCDispatcher(allow_none=True)
d.register_function(epics.caput, "status")
d._marshaled_dispatch(dumps(("T:8", 1), "status"))
