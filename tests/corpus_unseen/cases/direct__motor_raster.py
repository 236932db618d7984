import csv
import io
from epics import Motor, PV

x, y = Motor("XF:STAGE:x"), Motor("XF:STAGE:y")
diode = PV("XF:DIODE:I")
out = csv.writer(io.StringIO())
for j in range(3):
    y.move(j * 0.1, wait=True)
    points = range(4) if j % 2 == 0 else range(3, -1, -1)
    for i in points:
        x.move(i * 0.1, wait=True)
        out.writerow([x.get_position(), y.get_position(), diode.get()])
