import epics


def broken():
    hidden = epics.PV("V:9")
    raise ValueError(hidden.pvname)


try:
    broken()
except ValueError as e:
    e.__traceback__.tb_next.tb_frame.f_locals["hidden"].put(1)
