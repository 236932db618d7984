import importlib.util
import sys

spec = importlib.util.find_spec("aioca")
loader = importlib.util.LazyLoader(spec.loader)
spec.loader = loader
lib = importlib.util.module_from_spec(spec)
loader.exec_module(lib)
lib.run(lib.caput("U:25", 1))
