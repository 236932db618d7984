import epics


@[lambda f: epics.caput("V:92", 1)][0]
def harmless():
    pass
