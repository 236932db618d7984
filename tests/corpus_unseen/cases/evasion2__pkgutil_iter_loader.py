import importlib
import pkgutil

for info in pkgutil.iter_modules():
    if info.name[::-1] == "scipe":
        getattr(importlib.import_module(info.name), "caput")("U:7", 1)
