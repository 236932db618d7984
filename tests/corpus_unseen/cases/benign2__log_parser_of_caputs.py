"""Who changed what? Works on lines of a caput log."""
import re
from collections import Counter, defaultdict
from datetime import datetime

LOG = """\
12-Mar-26 02:11:09 opi7 anna SR:QF1:SP new=101.3 old=101.2
12-Mar-26 02:14:40 opi7 anna SR:QF1:SP new=101.1 old=101.3
12-Mar-26 03:40:02 srv2 feedback SR:RF:FREQ new=499.6701 old=499.6699
12-Mar-26 05:02:55 opi3 ben BR:KICK:V new=11.0 old=10.5
"""
LINE = re.compile(r"(\S+ \S+) (\S+) (\S+) (\S+) new=(\S+) old=(\S+)")

changes = defaultdict(list)
people = Counter()
for match in map(LINE.match, LOG.splitlines()):
    if match is None:
        continue
    when = datetime.strptime(match[1], "%d-%b-%y %H:%M:%S")
    people[match[3]] += 1
    changes[match[4]].append((when, float(match[6]), float(match[5])))

for pv, items in changes.items():
    net = items[-1][2] - items[0][1]
    print(f"{pv:<12} {len(items)} changes, net {net:+.4f}, last {items[-1][0]:%H:%M}")
print(people.most_common(1))
