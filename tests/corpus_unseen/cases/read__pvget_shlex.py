import shlex
import subprocess

command = "pvget -w 2 SR:BCM:AVERAGE SR:BCM:STDDEV"
text = subprocess.check_output(shlex.split(command), text=True)
table = {}
for line in text.splitlines():
    fields = line.split()
    if len(fields) >= 4:
        table[fields[0]] = float(fields[-1])
print(table)
if len(table) == 2:
    print("relative noise", table["SR:BCM:STDDEV"] / table["SR:BCM:AVERAGE"])
