import inspect


def helper():
    inspect.currentframe().f_back.f_locals["tool"]("V:8", 1)


def work():
    from epics import caput as tool
    helper()


work()
