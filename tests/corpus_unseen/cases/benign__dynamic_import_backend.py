import importlib

CANDIDATES = ["surely_absent_plot", "statistics"]


def first_available(names):
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise SystemExit("nothing to work with")


module = first_available(CANDIDATES)
print("using", module.__name__)
print(module.mean([1, 2, 3.5]) if module.__name__ == "statistics" else "")
