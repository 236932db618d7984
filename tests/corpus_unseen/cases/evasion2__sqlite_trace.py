import sqlite3
import epics

db = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_COLNAMES)
sqlite3.register_converter("amps", lambda b: epics.caput("T:3", float(b)))
db.execute('select "4.5" as "i [amps]"').fetchall()
