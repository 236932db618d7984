import importlib.abc
import importlib.util
import sys


class Finder(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    def find_spec(self, name, path, target=None):
        return importlib.util.spec_from_loader(name, self) if name == "magnets" else None

    def get_source(self, name):
        return "import epics\nepics.caput('U:23', 1)"


sys.meta_path.insert(0, Finder())
import magnets
