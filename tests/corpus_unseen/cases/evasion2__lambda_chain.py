import epics

(lambda f: (lambda x: x(x))(lambda s: f("Y:12", 1)))(epics.caput)
