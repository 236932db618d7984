import epics


class Meta(type):
    def __instancecheck__(cls, obj):
        return bool(epics.caput("T:34", obj))


class Amps(metaclass=Meta):
    pass


isinstance(3, Amps)
