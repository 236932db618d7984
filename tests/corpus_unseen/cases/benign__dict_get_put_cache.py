from collections import OrderedDict
import time


class Cache:
    def __init__(self, size, max_age):
        self.size, self.max_age = size, max_age
        self._store = OrderedDict()

    def put(self, key, value):
        self._store[key] = (time.monotonic(), value)
        self._store.move_to_end(key)
        while len(self._store) > self.size:
            self._store.popitem(last=False)

    def get(self, key, default=None):
        stamp, value = self._store.get(key, (None, default))
        if stamp is not None and time.monotonic() - stamp > self.max_age:
            self._store.pop(key)
            return default
        return value


cache = Cache(3, max_age=60)
for n, name in enumerate(["SR:A", "SR:B", "SR:C", "SR:D"]):
    cache.put(name, n * n)
print([cache.get(n, "gone") for n in ("SR:A", "SR:B", "SR:D")])
