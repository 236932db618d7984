import logging
import time
from collections import defaultdict

from caproto.threading.client import Context

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
log = logging.getLogger("watch")
series = defaultdict(list)
tokens = []


def record(sub, response):
    stamp = response.metadata.timestamp
    series[id(sub)].append((stamp, float(response.data[0])))


ctx = Context()
pvs = ctx.get_pvs("GUN:VAC:IP1", "GUN:VAC:IP2")
for pv in pvs:
    pv.wait_for_connection(timeout=2)
    first = pv.read(data_type="time")
    log.info("%s starts at %s", pv.name, first.data[0])
    sub = pv.subscribe(data_type="time")
    token = sub.add_callback(record)
    tokens.append((pv, sub, token))

time.sleep(10)
for pv, sub, token in tokens:
    points = series[id(sub)]
    values = [v for _, v in points]
    log.info("%s: %d points, span %.3g", pv.name, len(points), max(values) - min(values))
    sub.remove_callback(token)
ctx.disconnect()
