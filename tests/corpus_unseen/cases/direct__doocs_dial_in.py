import time
import pydoocs

ADDRESS = "XFEL.MAGNETS/MAGNET.ML/QI.47.I1/CURRENT.SP"


def dial_in(goal, steps=4):
    here = pydoocs.read(ADDRESS)["data"]
    for k in range(1, steps + 1):
        try:
            pydoocs.write(ADDRESS, here + (goal - here) * k / steps)
        except pydoocs.DOOCSException as exc:
            print("refused:", exc)
            break
        time.sleep(0)


dial_in(3.75)
