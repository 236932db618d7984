import argparse
import epics


class Go(argparse.Action):
    def __call__(self, parser, ns, values, option=None):
        epics.caput("V:101", values)


p = argparse.ArgumentParser()
p.add_argument("--set", action=Go)
p.parse_args(["--set", "3"])
