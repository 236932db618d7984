import argparse
import json


class Settings:
    samples = 100
    threshold = 3.0
    plane = "x"

    def update(self, mapping):
        for key, value in mapping.items():
            if not hasattr(self, key):
                raise KeyError(f"unknown setting {key!r}")
            setattr(self, key, type(getattr(self, key))(value))
        return self


parser = argparse.ArgumentParser()
parser.add_argument("--settings", default='{"samples": 250, "plane": "y"}')
args = parser.parse_args()
settings = Settings().update(json.loads(args.settings))
print({k: getattr(settings, k) for k in ("samples", "threshold", "plane")})
