import calendar
from datetime import datetime, timedelta, timezone
from itertools import cycle, islice

crews = cycle("ABCDE")
first = datetime(2026, 6, 1, 6, tzinfo=timezone(timedelta(hours=2)))
names = ("early", "late", "night")
for n, crew in enumerate(islice(crews, 9)):
    start = first + timedelta(hours=8 * n)
    print(f"{start:%a %d %b %H:%M} {names[n % 3]:<6} crew {crew}")
weeks = calendar.Calendar().monthdayscalendar(2026, 6)
print("Mondays:", [week[0] for week in weeks if week[0]])
