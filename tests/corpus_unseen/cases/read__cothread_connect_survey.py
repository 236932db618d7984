from cothread.catools import caget, connect, FORMAT_CTRL

names = ["FE21I-VA-GAUGE-01:P", "FE21I-VA-IONP-01:I", "FE21I-AL-SLITS-01:X:GAP"]
info = connect(names, cainfo=True, throw=False, timeout=2)
alive = [n for n, i in zip(names, info) if i.ok]
dead = sorted(set(names) - set(alive))

for name, value in zip(alive, caget(alive, format=FORMAT_CTRL)):
    print("%-28s %12g %s" % (name, value, value.units))
    if not value.lower_alarm_limit <= value <= value.upper_alarm_limit:
        print("   outside its alarm band")
if dead:
    print("not found:", *dead)
