import epics

actions = {
    "up": lambda n: epics.caput(n, epics.caget(n) + 1),
    "down": lambda n: epics.caput(n, epics.caget(n) - 1),
}
for word in "up down up".split():
    actions[word]("HEX:Z")
