import numpy as np
from pvaccess import Channel

sums = []


def on_frame(pv):
    frame = np.asarray(pv["value"], dtype=float)
    sums.append((frame.sum(), frame.max()))


screen = Channel("DIAG:SCR2:IMAGE")
screen.subscribe("stats", on_frame)
screen.startMonitor("field(value)")
screen.stopMonitor()
screen.unsubscribe("stats")

if sums:
    total, peak = np.array(sums).T
    print("frames:", len(sums))
    print("mean intensity %.3g, jitter %.2f %%" % (total.mean(), 100 * total.std() / abs(total.mean())))
    print("saturated frames:", int((peak >= 4095).sum()))
