import pydoocs


def nudge(lib, address):
    lib.write(address, 1.0)


nudge(pydoocs, "TTF2.RF/LLRF/ACC1/SP.PHASE")
