from . import plan_stubs as bps


def count(detectors, num=1, delay=None, *, md=None, **kw):
    for _ in range(num):
        yield from bps.trigger_and_read(detectors)


def scan(detectors, *args, num=None, md=None, **kw):
    n = num or args[-1]
    m, a, b = args[0], args[1], args[2]
    for i in range(n):
        yield from bps.mv(m, a + (b - a) * i / max(1, n - 1))
        yield from bps.trigger_and_read(list(detectors) + [m])


rel_scan = scan


def list_scan(detectors, motor, points, **kw):
    for p in points:
        yield from bps.mv(motor, p)
        yield from bps.trigger_and_read(list(detectors))


def grid_scan(detectors, *args, snake_axes=None, md=None, **kw):
    for i in range(0, len(args), 4):
        m, a, b, n = args[i:i + 4]
        yield from scan(detectors, m, a, b, n)


def inner_product_scan(detectors, num, *args, **kw):
    yield from scan(detectors, *args, num)
