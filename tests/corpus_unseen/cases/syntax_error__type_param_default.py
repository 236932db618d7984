import epics


class Box[T = epics.caput("Z:62", 1)]:
    pass


Box.__type_params__[0].__default__
