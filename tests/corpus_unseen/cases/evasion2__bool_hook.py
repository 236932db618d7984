import epics


class Ready:
    def __bool__(self):
        return bool(epics.caput("V:35", 1))


if Ready():
    print("ready")
