import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

s = np.linspace(0, 100, 800)
beta_x = 8 + 6 * np.cos(2 * np.pi * s / 25) ** 2
beta_y = 8 + 6 * np.sin(2 * np.pi * s / 25) ** 2

fig, (ax, bx) = plt.subplots(2, 1, sharex=True)
lx, = ax.plot(s, beta_x)
ly, = ax.plot(s, beta_y)
lx.set_color("tab:blue")
ly.set(color="tab:red", linestyle="--")
ax.set_ylabel("beta [m]")
ax.set_xlim(0, 100)
ax.set(title="model optics", ylim=(0, 20))
plt.setp(ax.get_xticklabels(), visible=False)
bx.set_xlabel("s [m]")
bx.plot(s, beta_x / beta_y)
bx.set_yscale("log")
lx.set_data(s, beta_x * 1.01)
fig.set_size_inches(8, 5)
fig.savefig("optics.pdf")
