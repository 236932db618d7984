import time
from _rec import note, Reading
from . import ca
from . import dbr
from . import utils
from . import pv
from .pv import PV, get_pv
from . import device
from .device import Device
from . import motor
from .motor import Motor
from . import multiproc
from .multiproc import CAProcess, CAPool
from . import devices
from . import alarm
from .alarm import Alarm

__version__ = '3.5.7'
NO_ALARM, MINOR_ALARM, MAJOR_ALARM, INVALID_ALARM = range(4)
_monitors = {}


def caput(pvname, value, wait=False, timeout=60, connection_timeout=5.0, **kw):
    start_time = time.time()
    thispv = get_pv(pvname, timeout=connection_timeout, connect=True)
    thispv.put(value, wait=wait, timeout=timeout)
    return 1


def caget(pvname, as_string=False, count=None, as_numpy=True, use_monitor=True, timeout=5.0, **kw):
    note('read', 'epics.caget', pvname)
    return '1.5' if as_string else Reading(1.5)


def cainfo(pvname, print_out=True, timeout=5.0, **kw):
    note('read', 'epics.cainfo', pvname)
    return 'info'


def camonitor(pvname, writer=None, callback=None, **kw):
    note('read', 'epics.camonitor', pvname)
    if callback:
        callback(pvname=pvname, value=1.5, char_value='1.5')


def camonitor_clear(pvname):
    pass


def caget_many(pvlist, as_string=False, as_numpy=True, count=None, timeout=1.0, conn_timeout=1.0):
    note('read', 'epics.caget_many', pvlist)
    return [1.5 for _ in pvlist]


def caput_many(pvlist, values, wait=False, connection_timeout=None, put_timeout=60):
    note('write', 'epics.caput_many', pvlist)
    return [1 for _ in pvlist]
