import re

NAME = re.compile(
    r"^(?P<area>[A-Z]{2,3})(?P<cell>\d{2})?:(?P<system>[A-Z]+):(?P<device>\w+):(?P<field>[A-Z_]+)$"
)
names = """
SR01:MAG:QF1:CURR_SP
SR01:MAG:QF1:CURR_RB
LTB:VAC:IP03:PRESS
BR:RF:CAV1:PHASE_SP
not a name
""".strip().splitlines()

setpoints, others, rejected = [], [], []
for name in names:
    match = NAME.match(name)
    if not match:
        rejected.append(name)
    elif match["field"].endswith("_SP"):
        setpoints.append(match.groupdict())
    else:
        others.append(match.groupdict())
print("setpoints:", [s["device"] for s in setpoints])
print("others:", [o["device"] for o in others])
print("rejected:", rejected)
print(re.sub(r":CURR_SP\b", ":CURR_RB", names[0]))
