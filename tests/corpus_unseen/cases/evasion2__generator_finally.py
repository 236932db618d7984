import epics


def session():
    try:
        yield 1
    finally:
        epics.caput("V:114", 0)


next(session())
