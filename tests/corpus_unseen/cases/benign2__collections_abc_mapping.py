from collections.abc import MutableMapping


class SetpointBook(MutableMapping):
    def __init__(self):
        self._now, self.history = {}, []

    def __getitem__(self, key):
        return self._now[key]

    def __setitem__(self, key, value):
        self.history.append((key, self._now.get(key), value))
        self._now[key] = value

    def __delitem__(self, key):
        del self._now[key]

    def __iter__(self):
        return iter(self._now)

    def __len__(self):
        return len(self._now)


book = SetpointBook()
book["SR:QF1:SP"] = 101.2
book.update({"SR:QF1:SP": 101.3, "SR:QD1:SP": 99.1})
book.setdefault("SR:SX1:SP", 55.0)
del book["SR:QD1:SP"]
print(dict(book), len(book.history))
