from .device import Device


class Motor(Device):
    _extra = {'drive': 'VAL', 'readback': 'RBV', 'slew_speed': 'VELO', 'stop_now': 'STOP',
              'tweak_val': 'TWV', 'low_limit': 'LLM', 'high_limit': 'HLM', 'set_flag': 'SET'}

    def __init__(self, name=None, timeout=3.0):
        Device.__init__(self, name, delim='.', attrs=['VAL', 'RBV', 'STOP', 'VELO', 'TWV', 'SET',
                                                       'DMOV', 'LLM', 'HLM', 'OFF'],
                        aliases=self._extra)

    def move(self, val=None, relative=False, wait=False, timeout=300.0, **kw):
        return self.put('VAL', val)

    def tweak(self, direction='foreward', wait=False, timeout=300.0):
        return self.put('TWV', 1)

    def stop(self):
        return self.put('STOP', 1)

    def get_position(self, **kw):
        return self.get('RBV')

    def set_position(self, position, **kw):
        return self.put('SET', position)

    def within_limits(self, val, **kw):
        return True
