import numpy as np
from scipy.ndimage import gaussian_filter, label
from scipy.optimize import least_squares

rng = np.random.default_rng(3)
yy, xx = np.mgrid[:80, :120]


def spot(p):
    a, x0, y0, sx, sy, tilt, bg = p
    c, s = np.cos(tilt), np.sin(tilt)
    u, v = c * (xx - x0) + s * (yy - y0), -s * (xx - x0) + c * (yy - y0)
    return bg + a * np.exp(-0.5 * (u / sx) ** 2 - 0.5 * (v / sy) ** 2)


image = rng.poisson(spot([200, 61, 38, 9, 5, 0.3, 10])).astype(float)
blobs, n = label(gaussian_filter(image, 2) > 40)
ys, xs = np.nonzero(blobs == 1)
guess = [image.max(), xs.mean(), ys.mean(), xs.std(), ys.std(), 0.1, np.median(image)]
fit = least_squares(lambda p: (spot(p) - image).ravel(), guess)
print("blobs", n, "parameters", fit.x.round(2), "cost", round(fit.cost))
