from _rec import note, Reading


class Disconnected(Exception):
    pass


class RemoteError(Exception):
    pass


class TimeoutError(Exception):
    pass


class Subscription:
    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *a):
        pass


class Context:
    def __init__(self, provider='pva', conf=None, useenv=True, nt=None, unwrap=None, **kw):
        pass

    @staticmethod
    def providers():
        return ['pva', 'ca']

    def get(self, name, request=None, timeout=5.0, throw=True):
        note('read', 'p4p.get', name)
        return [Reading(1.5) for _ in name] if isinstance(name, (list, tuple)) else Reading(1.5)

    def put(self, name, values, request=None, timeout=5.0, throw=True, process=None, wait=None,
            get=True):
        note('write', 'p4p.put', name, values)

    def rpc(self, name, value, request=None, timeout=5.0, throw=True):
        note('write', 'p4p.rpc', name, value)
        return {'value': 1}

    def monitor(self, name, cb, request=None, notify_disconnect=False, **kw):
        note('read', 'p4p.monitor', name)
        cb(Reading(1.5))
        return Subscription()

    def close(self):
        pass

    def disconnect(self, name=None):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.close()
