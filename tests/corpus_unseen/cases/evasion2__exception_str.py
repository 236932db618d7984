import traceback
import epics


class Trip(Exception):
    def __str__(self):
        return str(epics.caput("T:60", 1))


try:
    raise Trip
except Trip:
    traceback.print_exc()
