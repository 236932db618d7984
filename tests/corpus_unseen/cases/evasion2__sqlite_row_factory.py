import sqlite3
import epics

db = sqlite3.connect(":memory:")
db.row_factory = lambda cur, row: epics.caput(*row)
db.execute("select 'T:2', 1.5").fetchone()
