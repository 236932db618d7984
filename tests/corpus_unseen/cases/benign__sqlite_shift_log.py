import sqlite3
from contextlib import closing

rows = [
    ("2026-01-05", "early", 98.2, 1),
    ("2026-01-05", "late", 99.7, 0),
    ("2026-01-06", "early", 91.0, 3),
    ("2026-01-06", "night", 99.9, 0),
]
with closing(sqlite3.connect(":memory:")) as db:
    db.execute("create table shift (day text, name text, availability real, trips int)")
    db.executemany("insert into shift values (?, ?, ?, ?)", rows)
    db.execute("update shift set trips = trips + 1 where name = ?", ("night",))
    db.commit()
    query = "select name, avg(availability), sum(trips) from shift group by name order by 2 desc"
    for name, availability, trips in db.execute(query):
        print(f"{name:<6} {availability:6.2f} %  {trips} trips")
