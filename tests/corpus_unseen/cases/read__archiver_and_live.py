from datetime import datetime, timedelta, timezone

import numpy as np
import requests
from epics import caget

ARCHIVER = "http://archiver.example.org:17668/retrieval/data/getData.json"


def history(pv, hours):
    end = datetime.now(timezone.utc)
    start = end - timedelta(hours=hours)
    reply = requests.get(
        ARCHIVER,
        params={"pv": pv, "from": start.isoformat(), "to": end.isoformat()},
        timeout=20,
    )
    reply.raise_for_status()
    return np.array([p["val"] for p in reply.json()[0]["data"]], dtype=float)


for pv in ("SR:LIFETIME", "SR:VAC:AVERAGE"):
    now = caget(pv, timeout=3)
    past = history(pv, 24)
    rank = (past < now).mean()
    print(f"{pv}: now {now:.4g}, day's median {np.median(past):.4g}, above {rank:.0%} of the day")
