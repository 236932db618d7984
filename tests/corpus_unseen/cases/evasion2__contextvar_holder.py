from contextvars import ContextVar
import epics

tool = ContextVar("tool", default=epics.caput)
tool.get()("V:60", 1)
