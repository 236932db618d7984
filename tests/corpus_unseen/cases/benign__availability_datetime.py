import random
import statistics
from datetime import datetime, timedelta

random.seed(12)
clock = datetime(2026, 3, 1, 7, 0)
trips = []
while clock < datetime(2026, 3, 15):
    clock += timedelta(hours=random.expovariate(1 / 40))
    down = timedelta(minutes=random.lognormvariate(3.0, 0.7))
    trips.append((clock, down))
    clock += down

minutes = [d.total_seconds() / 60 for _, d in trips]
total = timedelta(days=14)
lost = sum((d for _, d in trips), timedelta())
print(f"{len(trips)} trips, availability {1 - lost / total:.2%}")
print(f"median {statistics.median(minutes):.1f} min, quartiles",
      [round(q, 1) for q in statistics.quantiles(minutes, n=4)])
for when, down in sorted(trips, key=lambda t: t[1])[-2:]:
    print(when.strftime("%d %b %H:%M"), str(down).split(".")[0])
