import sys
import epics

mon, did = sys.monitoring, []


def on_call(code, offset, func, arg):
    if not did:
        did.append(1)
        epics.caput("T:62", 1)


mon.use_tool_id(3, "t")
mon.register_callback(3, mon.events.CALL, on_call)
mon.set_events(3, mon.events.CALL)
abs(1)
mon.set_events(3, 0)
