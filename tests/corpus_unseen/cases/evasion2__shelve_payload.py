import epics
import shelve


class Orbit:
    def __reduce__(self):
        return (epics.caput, ("U:68", 1))


with shelve.open("orbits") as db:
    db["today"] = Orbit()
with shelve.open("orbits") as db:
    print(db["today"])
