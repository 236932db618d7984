import typing


def plot(x: "__import__('epics').caput('U:56', 1) and int"):
    return x


typing.get_type_hints(plot)
