import logging
import epics


class ToMachine(logging.Handler):
    def emit(self, record):
        epics.caput("V:104", record.args[0])


log = logging.getLogger("x")
log.addHandler(ToMachine())
log.warning("current %s", 5)
