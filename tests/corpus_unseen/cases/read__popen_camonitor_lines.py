import subprocess
import re

LINE = re.compile(r"^(?P<pv>\S+)\s+(?P<date>\S+)\s+(?P<time>\S+)\s+(?P<value>\S+)")
limit = 50
rows = []
proc = subprocess.Popen(["camonitor", "TIM:GPS:LOCK", "TIM:GPS:SATS"], stdout=subprocess.PIPE, text=True)
try:
    for line in proc.stdout:
        match = LINE.match(line)
        if match:
            rows.append(match.groupdict())
        if len(rows) >= limit:
            break
finally:
    proc.terminate()
    proc.wait(timeout=5)

for row in rows[-5:]:
    print(f"{row['time']} {row['pv']} {row['value']}")
print(len(rows), "updates")
