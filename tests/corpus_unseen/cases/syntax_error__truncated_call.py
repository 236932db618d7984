from epics import caput
for n in range(3):
    caput("Z:5:%d" % n,
