import json
from urllib.parse import urlencode
from urllib.request import urlopen

BASE = "http://archiver.example.org:17668/retrieval/data/getData.json"


def fetch(pv, start, end):
    query = urlencode({"pv": pv, "from": start, "to": end})
    with urlopen(f"{BASE}?{query}", timeout=30) as reply:
        return json.load(reply)[0]["data"]


def gaps(points, longest=60):
    for a, b in zip(points, points[1:]):
        if b["secs"] - a["secs"] > longest:
            yield a["secs"], b["secs"]


points = fetch("SR:DCCT:CURRENT", "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z")
found = list(gaps(points))
print(f"{len(points)} points, {len(found)} gaps")
for start, end in found:
    print(f"  {end - start} s from {start}")
