from importlib.metadata import EntryPoint

EntryPoint(name="x", value="epics:caput", group="tools").load()("U:26", 1)
