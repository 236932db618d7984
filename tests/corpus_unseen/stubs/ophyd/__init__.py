from _rec import note, Reading, Done


class Status(Done):
    pass


DeviceStatus = StatusBase = SubscriptionStatus = Status


class OphydObject:
    def __init__(self, prefix='', *, name='', **kw):
        self.prefix, self.name, self.parent = prefix, name, kw.get('parent')

    def wait_for_connection(self, **kw):
        pass

    def subscribe(self, cb, **kw):
        note('read', 'ophyd.subscribe', self.prefix)
        return 0

    def clear_sub(self, *a):
        pass

    def stage(self):
        return [self]

    def unstage(self):
        return [self]

    def trigger(self):
        return Status()

    def describe(self):
        return {}


class Signal(OphydObject):
    """A soft signal: no process variable behind it."""

    def __init__(self, *, name='', value=0.0, **kw):
        OphydObject.__init__(self, '', name=name)
        self._v = value

    def get(self, **kw):
        return self._v

    def put(self, v, **kw):
        self._v = v

    def set(self, v, **kw):
        self._v = v
        return Status()

    value = property(get)


class EpicsSignalBase(OphydObject):
    def __init__(self, read_pv, *, name='', **kw):
        OphydObject.__init__(self, read_pv, name=name, **kw)

    def get(self, **kw):
        note('read', 'ophyd.get', self.prefix)
        return Reading(1.5)

    def read(self):
        note('read', 'ophyd.read', self.prefix)
        return {self.name: {'value': 1.5, 'timestamp': 0}}

    @property
    def value(self):
        return self.get()


class EpicsSignalRO(EpicsSignalBase):
    pass


class EpicsSignal(EpicsSignalBase):
    def __init__(self, read_pv, write_pv=None, *, put_complete=False, string=False, name='', **kw):
        EpicsSignalBase.__init__(self, read_pv, name=name, **kw)

    def put(self, value, **kw):
        note('write', 'ophyd.put', self.prefix, value)

    def set(self, value, *, timeout=None, settle_time=None):
        note('write', 'ophyd.set', self.prefix, value)
        return Status()

    @property
    def value(self):
        return self.get()

    @value.setter
    def value(self, v):
        self.put(v)


class EpicsSignalWithRBV(EpicsSignal):
    pass


class Component:
    def __init__(self, cls, suffix='', *, kind=None, lazy=False, **kw):
        self.cls, self.suffix, self.kw = cls, suffix, kw

    @classmethod
    def __class_getitem__(cls, item):
        return cls

    def __set_name__(self, owner, name):
        self.attr = name

    def __get__(self, obj, cls=None):
        if obj is None:
            return self
        cache = obj.__dict__.setdefault('_signals', {})
        if self.attr not in cache:
            kw = dict(self.kw, name=f'{obj.name}_{self.attr}')
            if self.cls is Signal:
                cache[self.attr] = Signal(**kw)
            else:
                cache[self.attr] = self.cls(obj.prefix + self.suffix, **kw)
        return cache[self.attr]

    def __set__(self, obj, value):
        self.__get__(obj).put(value)


class FormattedComponent(Component):
    def __get__(self, obj, cls=None):
        if obj is None:
            return self
        return self.cls(self.suffix.format(self=obj, **vars(obj)), name=self.attr)


DynamicDeviceComponent = Component


class BlueskyInterface:
    def __init__(self, *a, **kw):
        super().__init__(*a, **kw)


class Device(OphydObject):
    def __init__(self, prefix='', *, name='', **kw):
        OphydObject.__init__(self, prefix, name=name, **kw)
        self.stage_sigs = {}

    @property
    def component_names(self):
        return tuple(k for c in type(self).__mro__ for k, v in vars(c).items()
                     if isinstance(v, Component))

    def get(self):
        return {n: getattr(self, n).get() for n in self.component_names}

    def read(self):
        out = {}
        for n in self.component_names:
            out.update(getattr(self, n).read())
        return out

    def stage(self):
        for sig, v in self.stage_sigs.items():
            (getattr(self, sig) if isinstance(sig, str) else sig).set(v)
        return [self]

    def configure(self, d):
        for k, v in d.items():
            getattr(self, k).set(v)
        return {}, {}

    def stop(self, *, success=False):
        pass


class EpicsMotor(Device):
    user_readback = Component(EpicsSignalRO, '.RBV')
    user_setpoint = Component(EpicsSignal, '.VAL')
    velocity = Component(EpicsSignal, '.VELO')
    motor_stop = Component(EpicsSignal, '.STOP')
    home_forward = Component(EpicsSignal, '.HOMF')

    def move(self, position, wait=True, **kw):
        note('write', 'ophyd.move', self.prefix, position)
        return Status()

    def set(self, position, **kw):
        return self.move(position)

    def stop(self, *, success=False):
        note('write', 'ophyd.stop', self.prefix)

    def home(self, direction, wait=True, **kw):
        note('write', 'ophyd.home', self.prefix)
        return Status()

    def set_current_position(self, pos):
        note('write', 'ophyd.set_current_position', self.prefix)

    @property
    def position(self):
        note('read', 'ophyd.position', self.prefix)
        return 1.5


class PVPositioner(Device):
    setpoint = readback = done = stop_signal = actuate = None
    done_value = 1

    def move(self, position, wait=True, **kw):
        self.setpoint.put(position)
        return Status()

    def set(self, position, **kw):
        return self.move(position)

    @property
    def position(self):
        return self.readback.get()

    def stop(self, *, success=False):
        if self.stop_signal is not None:
            self.stop_signal.put(1)


class PVPositionerPC(PVPositioner):
    pass


class Kind:
    normal = config = hinted = omitted = 1
