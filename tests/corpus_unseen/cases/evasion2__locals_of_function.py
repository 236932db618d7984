def act():
    from epics import caput
    return locals().popitem()[1]


act()("V:16", 1)
