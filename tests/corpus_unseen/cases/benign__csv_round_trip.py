import csv
from pathlib import Path

path = Path("corrector_limits.csv")
with path.open("w", newline="") as handle:
    writer = csv.DictWriter(handle, fieldnames=["name", "limit"])
    writer.writeheader()
    writer.writerows({"name": f"HCM{i:02d}", "limit": 8 + i % 3} for i in range(12))

with path.open(newline="") as handle:
    limits = {row["name"]: float(row["limit"]) for row in csv.DictReader(handle)}
print("strongest:", max(limits, key=limits.get), "of", len(limits))
