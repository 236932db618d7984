from epics import PV

VALVES = [PV(f"SR:VAC:VALVE{i:02d}:STATE") for i in range(1, 9)]

closed = []
for valve in VALVES:
    state = valve.get()
    label = valve.enum_strs[int(state)] if valve.enum_strs else valve.char_value
    text = valve.get(as_string=True)
    print(f"{valve.pvname}: {label} ({text})")
    if label.upper() in ("CLOSED", "OFF"):
        closed.append(valve.pvname)

if closed:
    print(len(closed), "valves closed:", ", ".join(closed))
else:
    print("all valves are open")
