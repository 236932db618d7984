import contextvars
import epics

contextvars.copy_context().run(epics.caput, "V:59", 1)
