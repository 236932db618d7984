from ..core import SignalR, SignalRW, SignalW, SignalX


def epics_signal_rw(datatype, read_pv, write_pv=None, name='', **kw):
    return SignalRW(read_pv, name)


def epics_signal_rw_rbv(datatype, write_pv, read_suffix='_RBV', name='', **kw):
    return SignalRW(write_pv, name)


def epics_signal_r(datatype, read_pv, name='', **kw):
    return SignalR(read_pv, name)


def epics_signal_w(datatype, write_pv, name='', **kw):
    return SignalW(write_pv, name)


def epics_signal_x(write_pv, name='', **kw):
    return SignalX(write_pv, name)
