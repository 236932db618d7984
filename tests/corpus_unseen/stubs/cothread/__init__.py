from . import catools


class _Ev:
    def Wait(self, *a):
        return None


def Spawn(fn, *a, **k):
    fn(*a, **{x: y for x, y in k.items() if x != 'raise_on_wait'})
    return _Ev()


def Sleep(t):
    pass


def Yield(*a):
    pass


def WaitForAll(evs, *a):
    pass


def WaitForQuit(*a, **k):
    pass
