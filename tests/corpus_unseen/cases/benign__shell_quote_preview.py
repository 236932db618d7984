import shlex

changes = {"SR:QF1:CURR SP": 101.2, "SR:QD1:CURR:SP": 99.1}
lines = []
for name, value in changes.items():
    lines.append(shlex.join(["caput", "-w", "3", name, f"{value:g}"]))
print("#!/bin/sh")
print("\n".join(lines))
words = [len(shlex.split(line)) for line in lines]
print("# words per line:", words)
