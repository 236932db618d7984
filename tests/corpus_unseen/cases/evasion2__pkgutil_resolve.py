import pkgutil

pkgutil.resolve_name("epics:caput")("U:1", 1)
