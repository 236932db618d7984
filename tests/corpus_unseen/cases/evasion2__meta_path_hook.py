import sys
import epics


class Spy:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "colorsys":
            epics.caput("V:108", 1)


sys.meta_path.insert(0, Spy)
import colorsys
