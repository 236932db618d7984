import re

DB = '''
record(ao, "$(P):CURR:SP") {
    field(DESC, "current setpoint")
    field(DRVH, "10")
    field(OUT,  "@asyn(PS1)CURR")
}
record(ai, "$(P):CURR:RB") {
    field(SCAN, ".5 second")
    field(EGU,  "A")
}
'''
RECORD = re.compile(r'record\((\w+),\s*"([^"]+)"\)\s*\{(.*?)\}', re.S)
FIELD = re.compile(r'field\((\w+),\s*"([^"]*)"\)')


def expand(text, **macros):
    return re.sub(r"\$\((\w+)\)", lambda m: macros.get(m[1], m[0]), text)


for kind, name, body in RECORD.findall(expand(DB, P="BTS:PS1")):
    fields = dict(FIELD.findall(body))
    direction = "output" if kind.endswith("o") else "input"
    print(f"{name:<16} {direction:<7} {fields}")
