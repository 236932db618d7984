# what: replace what Python itself offers
# expect: finished | raised *
# control: none, how it ends is what is asked
import builtins

for name in ("open", "isinstance", "type", "len", "dict", "getattr", "print", "repr", "sorted"):
    setattr(builtins, name, lambda *values, **names: (_ for _ in ()).throw(SystemExit(0)))
results = {"a": 1}
