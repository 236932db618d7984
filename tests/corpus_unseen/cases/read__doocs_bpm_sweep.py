import json
import pydoocs

FACILITY = "XFEL.DIAG/ORBIT"


def positions(plane):
    out = {}
    for entry in pydoocs.names(f"{FACILITY}/*"):
        bpm = entry.split()[0]
        try:
            out[bpm] = pydoocs.read(f"{FACILITY}/{bpm}/{plane}.TD")["data"]
        except pydoocs.DoocsException as err:
            print("skip", bpm, err)
    return out


orbit = {"x": positions("X"), "y": positions("Y")}
pulse = pydoocs.read(f"{FACILITY}/BPM1/X.TD")["macropulse"]
orbit["macropulse"] = pulse
with open(f"orbit_{pulse}.json", "w", encoding="utf-8") as fh:
    json.dump(orbit, fh, indent=2, default=float)
print(len(orbit["x"]), "BPMs in macropulse", pulse)
