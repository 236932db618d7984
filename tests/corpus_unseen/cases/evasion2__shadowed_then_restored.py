from epics import caput


def job():
    global caput
    keep, caput = caput, print
    caput("dry run")
    caput = keep
    caput("Y:7", 1)


job()
