import cProfile
import epics

cProfile.Profile().runctx("w('U:48', 1)", {"w": epics.caput}, {})
