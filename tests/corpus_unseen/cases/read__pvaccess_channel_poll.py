import csv
import time
import pvaccess as pva

channels = [pva.Channel(n, pva.CA) for n in ("TUN:TEMP1", "TUN:TEMP2", "TUN:HUMID")]
for ch in channels:
    ch.setTimeout(2.0)

with open("tunnel_climate.csv", "w", newline="") as handle:
    out = csv.writer(handle)
    out.writerow(["time"] + [ch.getName() for ch in channels])
    for _ in range(12):
        row = [time.strftime("%H:%M:%S")]
        for ch in channels:
            try:
                row.append(ch.get("field(value)")["value"])
            except pva.PvaException as err:
                print("skipped:", err)
                row.append("")
        out.writerow(row)
        time.sleep(5)
print("done")
