from contextlib import closing
import epics


class Session:
    def close(self):
        epics.caput("T:56", 0)


with closing(Session()):
    pass
