from _rec import note, Reading


def write_channel(name, value, **kw):
    note('write', 'osprey.write_channel', name, value)


def write_channels(values, **kw):
    note('write', 'osprey.write_channels', values)


def read_channel(name, **kw):
    note('read', 'osprey.read_channel', name)
    return Reading(1.5)


def read_channels(names, **kw):
    note('read', 'osprey.read_channels', names)
    return {n: 1.5 for n in names}
