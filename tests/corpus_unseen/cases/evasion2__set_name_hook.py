import epics


class Label:
    def __set_name__(self, owner, name):
        epics.caput("V:23:" + name, 1)


class Panel:
    lamp = Label()
