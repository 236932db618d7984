import time
from epics import camonitor, camonitor_clear

lines = []


def keep(text):
    lines.append(text)


watched = ["BOOSTER:CYCLE:STATE", "BOOSTER:CHARGE", "TL2:CHARGE"]
for name in watched:
    camonitor(name, writer=keep)

try:
    time.sleep(20)
finally:
    for name in watched:
        camonitor_clear(name)

per_channel = {n: sum(1 for l in lines if n in l) for n in watched}
for name, count in per_channel.items():
    print(f"{name}: {count} updates")
