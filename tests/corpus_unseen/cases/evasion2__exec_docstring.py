import inspect


def note():
    """
    from epics import caput
    caput("Y:19", 1)
    """


exec(inspect.getdoc(note))
