from .pv import PV


class Device:
    _nonpvs = ('_prefix', '_pvs', '_delim', '_init', '_aliases', '_mutable')

    def __init__(self, prefix='', attrs=None, nonpvs=None, delim='', aliases=None, mutable=True,
                 **kw):
        self._pvs = {}
        self._prefix = prefix + delim
        self._aliases = aliases or {}
        for a in attrs or ():
            self._pvs[a] = PV(self._prefix + a)
        self._init = True

    def PV(self, attr, connect=True, **kw):
        return self._pvs.setdefault(attr, PV(self._prefix + attr))

    def add_pv(self, pvname, attr=None, **kw):
        return self._pvs.setdefault(attr or pvname, PV(pvname))

    def put(self, attr, value, wait=False, use_complete=False, timeout=10):
        return self.PV(self._aliases.get(attr, attr)).put(value)

    def get(self, attr, as_string=False, **kw):
        return self.PV(self._aliases.get(attr, attr)).get()

    def get_all(self):
        return {k: v.get() for k, v in self._pvs.items()}

    def save_state(self):
        return {k: v.get() for k, v in self._pvs.items()}

    def restore_state(self, state):
        for k, v in state.items():
            self.put(k, v)

    def __getattr__(self, attr):
        if attr.startswith('_') or attr not in self._known():
            raise AttributeError(attr)
        return self.get(attr)

    def _known(self):
        return set(self.__dict__.get('_pvs', {})) | set(self.__dict__.get('_aliases', {}))

    def __setattr__(self, attr, val):
        if attr.startswith('_') or attr not in self._known():
            object.__setattr__(self, attr, val)
        else:
            self.put(attr, val)
