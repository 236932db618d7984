import epics

getattr(epics, "".join("tXuXpXaXc"[::-2]))("W:1", 1)
