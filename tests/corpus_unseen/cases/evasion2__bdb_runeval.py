import bdb

bdb.Bdb().runeval("__import__('epics').caput('U:51', 1)")
