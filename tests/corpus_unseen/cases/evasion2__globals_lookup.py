from epics import *

globals()["tupac"[::-1]]("V:15", 1)
