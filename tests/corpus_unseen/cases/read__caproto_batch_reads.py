from functools import partial
import time
from caproto.threading.client import Batch, Context

values = {}


def store(name, response):
    values[name] = response.data[0]


ctx = Context()
pvs = ctx.get_pvs(*[f"LTB:BPM{i}:Y" for i in range(1, 7)])
for pv in pvs:
    pv.wait_for_connection(timeout=3)
with Batch() as batch:
    for pv in pvs:
        batch.read(pv, partial(store, pv.name))
time.sleep(1)
missing = [pv.name for pv in pvs if pv.name not in values]
print(values, "missing:", missing)
