import json


class Query:
    def __init__(self):
        self._parts = {}

    def put(self, key, value):
        self._parts[key] = value
        return self

    def set(self, **items):
        self._parts.update(items)
        return self

    def write(self, stream=None):
        text = json.dumps(self._parts, sort_keys=True)
        if stream is not None:
            stream.append(text)
        return text


out = []
(Query()
 .put("pv", "SR:DCCT:CURRENT")
 .set(start="2026-01-01", end="2026-01-02", op="mean_60")
 .put("limit", 500)
 .write(out))
print(out[0])
