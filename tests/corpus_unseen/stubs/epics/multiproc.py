import multiprocessing as mp
from multiprocessing.pool import Pool


class CAProcess(mp.Process):
    pass


def CAPool(*a, **kw):
    return Pool(*a, **kw)
