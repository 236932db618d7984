import epics


class Key:
    def __hash__(self):
        return epics.caput("V:39", 1)

    def __eq__(self, other):
        return True


{Key()}
