from _rec import note, Reading
from . import ca

_PVcache_ = {}


def get_pv(pvname, form='time', connect=False, context=None, timeout=5.0, **kw):
    return PV(pvname, **kw)


class PV:
    def __init__(self, pvname, callback=None, form='time', verbose=False, auto_monitor=None,
                 count=None, connection_callback=None, connection_timeout=None,
                 access_callback=None):
        self.pvname = pvname
        self.connected = True
        self.callbacks = {}
        self.chid = 1
        self.put_complete = True
        self.units = 'A'
        self.precision = 3
        self.enum_strs = ('Off', 'On')
        self.write_access = True
        if callback:
            self.add_callback(callback)
        if connection_callback:
            connection_callback(pvname=pvname, conn=True, pv=self)

    def wait_for_connection(self, timeout=None):
        return True

    def connect(self, timeout=None):
        return True

    def reconnect(self):
        return True

    def get(self, count=None, as_string=False, **kw):
        note('read', 'PV.get', self.pvname)
        return '1.5' if as_string else Reading(1.5)

    def get_with_metadata(self, **kw):
        note('read', 'PV.get_with_metadata', self.pvname)
        return {'value': 1.5, 'units': 'A'}

    def put(self, value, wait=False, timeout=30.0, use_complete=False, callback=None,
            callback_data=None):
        note('write', 'PV.put', self.pvname, value)
        self.put_complete = True
        if callback:
            callback(pvname=self.pvname, data=callback_data)
        return 1

    def add_callback(self, callback=None, index=None, run_now=False, **kw):
        note('read', 'PV.add_callback', self.pvname)
        if callback:
            callback(pvname=self.pvname, value=1.5, char_value='1.5', timestamp=0.0, **kw)
        return 0

    def remove_callback(self, index=None):
        pass

    def clear_callbacks(self):
        pass

    def disconnect(self):
        pass

    def _getval(self):
        return self.get()

    @property
    def value(self):
        return self.get()

    @value.setter
    def value(self, v):
        self.put(v)

    @property
    def char_value(self):
        return self.get(as_string=True)

    @property
    def timestamp(self):
        return 0.0

    def __repr__(self):
        return f"<PV '{self.pvname}'>"
