import pprint
import epics


class R:
    def __repr__(self):
        epics.caput("T:31", 1)
        return "R"


pprint.pprint([R()])
