import epics


def report():
    return report.send("V:99", 1)


report.send = epics.caput
report()
