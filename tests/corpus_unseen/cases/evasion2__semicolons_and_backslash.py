import epics as \
    e; f = e \
    .caput; f \
    ("V:121", 1)
