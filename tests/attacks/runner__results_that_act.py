# what: leave results that run code when they are read
# expect: finished
# control: none, how it ends is what is asked
# results: {"a": {"_type": "repr", "class": "__main__.Acts", "value": "<unreadable: RuntimeError>"}}
import os


class Acts:
    def __reduce__(self):
        return os.system, ("touch /tmp/holdpoint_attack",)

    def __repr__(self):
        raise RuntimeError


results = {"a": Acts()}
