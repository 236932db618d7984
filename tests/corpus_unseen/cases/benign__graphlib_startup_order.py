from graphlib import CycleError, TopologicalSorter

needs = {
    "beam": {"rf", "magnets", "vacuum"},
    "rf": {"water", "vacuum"},
    "magnets": {"water"},
    "vacuum": set(),
    "water": set(),
}
sorter = TopologicalSorter(needs)
sorter.prepare()
stage = 1
while sorter.is_active():
    ready = sorted(sorter.get_ready())
    print("stage", stage, ":", ", ".join(ready))
    sorter.done(*ready)
    stage += 1
try:
    list(TopologicalSorter({**needs, "water": {"beam"}}).static_order())
except CycleError as err:
    print("circle:", err.args[1])
