import numpy as np


def naff_like(signal):
    """First tune estimate with a Hann window and parabolic interpolation."""
    n = len(signal)
    spectrum = np.abs(np.fft.rfft((signal - signal.mean()) * np.hanning(n)))
    k = int(np.argmax(spectrum[1:-1])) + 1
    a, b, c = np.log(spectrum[k - 1:k + 2])
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) / n


rng = np.random.default_rng(7)
turns = np.arange(1024)
for tune in (0.21, 0.285, 0.31):
    x = np.cos(2 * np.pi * tune * turns) + 0.05 * rng.normal(size=turns.size)
    print(f"true {tune:.3f}  found {naff_like(x):.5f}")
