import epics

n = 0
while n < 2:
    n += 1
else:
    epics.caput("Y:11", n)
