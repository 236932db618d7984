import os
import platform
import sys
import warnings
from importlib.metadata import PackageNotFoundError, version

packages = ["numpy", "pandas", "pyepics", "surely-not-installed"]
print("python", platform.python_version(), "on", platform.system())
for name in packages:
    try:
        print(f"{name:<22} {version(name)}")
    except PackageNotFoundError:
        print(f"{name:<22} missing")
address = os.environ.get("EPICS_CA_ADDR_LIST", "")
if not address:
    warnings.warn("no address list is set; broadcasts only", stacklevel=1)
print("home is set:", "HOME" in os.environ, "args:", len(sys.argv) - 1)
