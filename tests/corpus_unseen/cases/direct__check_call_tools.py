import subprocess


def get(pv):
    text = subprocess.check_output(["caget", "-t", pv], text=True)
    return float(text.split()[-1])


def put(pv, value):
    subprocess.check_call(["caput", "-t", pv, str(value)], stdout=subprocess.DEVNULL)


put("TST:AO1", get("TST:AO1") + 1)
