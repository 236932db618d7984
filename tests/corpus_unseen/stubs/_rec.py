"""Append one JSON line for each operation that a stub library sees."""
import json
import os

PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'record.jsonl')


def note(kind, what, *args, _os=os, _dumps=json.dumps, _repr=repr, _path=PATH):
    line = _dumps({'kind': kind, 'what': what, 'args': _repr(args)[:200]}) + '\n'
    fd = _os.open(_path, _os.O_WRONLY | _os.O_APPEND | _os.O_CREAT, 0o644)
    try:
        _os.write(fd, line.encode())
    finally:
        _os.close(fd)


class Reading(float):
    """A float that also answers like the augmented values of some libraries."""
    timestamp = 0.0
    severity = 0
    ok = True
    name = 'stub'

    def __getitem__(self, item):
        return self

    def __iter__(self):
        return iter([1.5, 1.5])

    def __len__(self):
        return 2

    @property
    def value(self):
        return self

    @property
    def data(self):
        return [1.5]

    def __await__(self):
        yield from ()
        return self


class Done:
    """A finished status or future, also awaitable."""
    done = True
    success = True

    def wait(self, timeout=None):
        return True

    def result(self, timeout=None):
        return None

    def add_callback(self, cb, *a):
        cb(self)

    def __and__(self, other):
        return self

    def __await__(self):
        yield from ()
        return None
