from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from tango import Database, DeviceProxy, DevFailed, DevState

BAD = {DevState.FAULT, DevState.ALARM, DevState.UNKNOWN}


def probe(name):
    try:
        dev = DeviceProxy(name)
        return name, dev.state(), dev.status().splitlines()[0]
    except DevFailed:
        return name, DevState.UNKNOWN, "no answer"


devices = list(Database().get_device_exported("sr/ps/*"))
by_state = defaultdict(list)
with ThreadPoolExecutor(max_workers=6) as pool:
    for name, state, text in pool.map(probe, devices):
        by_state[state].append(name)
        if state in BAD:
            print(f"{name}: {state.name}: {text}")

for state, names in sorted(by_state.items()):
    print(f"{state.name:<10} {len(names)}")
