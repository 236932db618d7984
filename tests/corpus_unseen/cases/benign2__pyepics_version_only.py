from importlib import metadata, util

CLIENTS = {"pyepics": "epics", "p4p": "p4p", "caproto": "caproto", "PyTango": "tango", "asyncua": "asyncua"}

rows = []
for dist, module in CLIENTS.items():
    try:
        rows.append((dist, metadata.version(dist), util.find_spec(module) is not None))
    except metadata.PackageNotFoundError:
        rows.append((dist, "-", False))
for dist, version, found in rows:
    print(f"{dist:<10}{version:<12}{'importable' if found else 'not here'}")
