import csv
import itertools

roles = {"operator": 2, "expert": 3, "guest": 0}
channels = {"SR:QF1:SP": 2, "SR:RF:FREQ": 3, "SR:DCCT": 9}

with open("access.csv", "w", newline="") as f:
    out = csv.writer(f)
    out.writerow(["role", "channel", "may_caput"])
    for (role, level), (channel, need) in itertools.product(roles.items(), channels.items()):
        out.writerow([role, channel, "yes" if level >= need else "no"])
with open("access.csv") as f:
    yes = [line for line in f if line.rstrip().endswith("yes")]
print(len(yes), "combinations may write")
