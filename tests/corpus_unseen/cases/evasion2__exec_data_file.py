import csv

with open("table.csv", "w", newline="") as f:
    csv.writer(f).writerow(["import epics; epics.caput('Y:20', 1)"])
with open("table.csv") as f:
    for row in csv.reader(f):
        exec(row[0])
