import shelve
import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    path = str(Path(folder) / "book")
    with shelve.open(path) as book:
        book["SR:QF1:SP"] = {"value": 101.2, "by": "anna"}
        book["SR:QD1:SP"] = {"value": 99.1, "by": "ben"}
    with shelve.open(path, flag="r") as book:
        for name in sorted(book):
            print(name, book[name]["value"], book[name]["by"])
