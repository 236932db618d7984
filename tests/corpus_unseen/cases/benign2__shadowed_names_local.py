def replay(events, caput, caget):
    """Feed recorded events into any pair of callables."""
    for name, value in events:
        if caget(name) != value:
            caput(name, value)


def make_store():
    store = {}

    def put(name, value):
        store[name] = value

    return store, put, store.get


events = [("A", 1), ("B", 2), ("A", 1), ("A", 3)]
store, caput, caget = make_store()
replay(events, caput, caget)
PV = lambda name: f"<{name}>"
tango = {"write_attribute": len}
print(store, PV("A"), tango["write_attribute"]("four"))
