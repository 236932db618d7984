import epics


def lib():
    return epics


def tool():
    return lib().PV


def make(name):
    return tool()(name)


make("CRL:Z").put(2)
