from contextlib import AbstractContextManager
from collections import defaultdict


class Context(AbstractContextManager):
    """In-memory stand-in with the same verbs as a network client."""

    def __init__(self, provider):
        self.provider = provider
        self.data = {}
        self.watchers = defaultdict(list)

    def put(self, name, value, wait=True):
        self.data[name] = value
        for cb in self.watchers[name]:
            cb(value)

    def get(self, name, timeout=1.0):
        return self.data[name]

    def monitor(self, name, cb):
        self.watchers[name].append(cb)
        return lambda: self.watchers[name].remove(cb)

    def __exit__(self, *exc):
        self.watchers.clear()


seen = []
with Context("pva") as ctxt:
    cancel = ctxt.monitor("demo:x", seen.append)
    for v in (1, 4, 9):
        ctxt.put("demo:x", v)
    cancel()
    ctxt.put(["demo:y", "demo:z"].pop(), 3)
    print(seen, ctxt.get("demo:z"))
