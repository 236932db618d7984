import argparse
from epics import PV

p = argparse.ArgumentParser()
p.add_argument("--x", type=PV("V:100").put)
p.parse_args(["--x", "3"])
