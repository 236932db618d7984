from _rec import note


class _Resp:
    data = [1.5]
    status = 1


def read(pv_name, *, data_type=None, timeout=1, notify=True, **kw):
    note('read', 'caproto.read', pv_name)
    return _Resp()


def write(pv_name, data, *, notify=False, data_type=None, timeout=1, **kw):
    note('write', 'caproto.write', pv_name, data)
    return _Resp()


def read_write_read(pv_name, data, *, notify=False, **kw):
    note('read', 'caproto.read', pv_name)
    note('write', 'caproto.write', pv_name, data)
    return _Resp(), _Resp(), _Resp()


class _Sub:
    def add_callback(self, f):
        return 0

    def block(self, **kw):
        pass


def subscribe(pv_name, **kw):
    note('read', 'caproto.subscribe', pv_name)
    return _Sub()
