import json

cells = [
    ("markdown", "# Restore\nRun the next cell only after approval."),
    ("code", "from epics import caput\ncaput('SR:QF1:SP', 101.2)"),
]
notebook = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [
        {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True),
         **({"outputs": [], "execution_count": None} if kind == "code" else {})}
        for kind, text in cells
    ],
}
with open("restore.ipynb", "w", encoding="utf-8") as f:
    json.dump(notebook, f, indent=1)
print(sum(c["cell_type"] == "code" for c in notebook["cells"]), "code cell, not run")
