import dataclasses
import epics

Knob = dataclasses.make_dataclass("Knob", [("name", str)],
                                  namespace={"__post_init__": lambda s: epics.caput(s.name, 1)})
Knob("U:60")
