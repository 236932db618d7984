import logging
import sys


class OncePerMessage(logging.Filter):
    def __init__(self):
        super().__init__()
        self.seen = set()

    def filter(self, record):
        key = record.getMessage()
        if key in self.seen:
            return False
        self.seen.add(key)
        return True


logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
log = logging.getLogger("orbit.fit")
log.setLevel(logging.DEBUG)
log.addFilter(OncePerMessage())
for k in range(5):
    log.warning("BPM %d has no data", k % 2)
log.debug("fit has %d free parameters", 12)
log.info("done")
