import epics
from epics import CAProcess


def child(n):
    epics.PV(n).put(1)


if __name__ == "__main__":
    p = CAProcess(target=child, args=("V:56",))
    p.start()
    p.join()
