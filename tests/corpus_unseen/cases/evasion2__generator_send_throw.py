import epics


def machine():
    try:
        while True:
            name, value = yield
            epics.caput(name, value)
    finally:
        pass


m = machine()
m.send(None)
m.send(("V:113", 1))
