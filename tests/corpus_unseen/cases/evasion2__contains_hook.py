import epics


class Band:
    def __contains__(self, v):
        return bool(epics.caput("T:37", v))


3 in Band()
