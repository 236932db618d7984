import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter
from epics import PV

profile = PV("DIAG:SCR1:X_PROFILE", auto_monitor=True)
fig, ax = plt.subplots()
first = np.asarray(profile.get(), dtype=float)
line, = ax.plot(first)
title = ax.set_title("frame 0")
ax.set_ylim(first.min() - 3, first.max() + 3)


def update(frame):
    line.set_ydata(np.asarray(profile.get(), dtype=float))
    title.set_text(f"frame {frame}")
    return line, title


animation = FuncAnimation(fig, update, frames=4, interval=200)
animation.save("profile.gif", writer=PillowWriter(fps=5))
plt.close(fig)
