from caproto import CaprotoTimeoutError
from caproto.sync.client import read

SEVERITY = {0: "ok", 1: "minor", 2: "major", 3: "invalid"}


def survey(names, attempts=3):
    for name in names:
        for attempt in range(attempts):
            try:
                res = read(name, data_type="time", timeout=1.5)
            except CaprotoTimeoutError:
                if attempt == attempts - 1:
                    yield name, None, "timeout"
                continue
            yield name, res.data[0], SEVERITY.get(int(res.metadata.severity), "?")
            break


names = ["LASER:POWER", "LASER:TEMP", "LASER:SHUTTER:STATE"]
table = list(survey(names))
width = max(len(n) for n in names)
for name, value, state in table:
    print(f"{name:<{width}}  {value!s:>12}  {state}")
print("worst:", max((s for _, _, s in table), key=["ok", "minor", "major", "invalid", "timeout"].index))
