import gzip
import json

events = [{"t": k * 0.5, "bpm": k % 4, "x": round(0.01 * k * k, 3)} for k in range(50)]
with gzip.open("events.jsonl.gz", "wt", encoding="utf-8") as out:
    for event in events:
        out.write(json.dumps(event) + "\n")
with gzip.open("events.jsonl.gz", "rt", encoding="utf-8") as f:
    again = [json.loads(line) for line in f]
print(again == events, max(e["x"] for e in again))
