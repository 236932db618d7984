class Alarm:
    def __init__(self, pvname=None, comparison=None, trip_point=None, callback=None, **kw):
        self.pvname = pvname
        if callback:
            callback(pvname=pvname, value=1.5, trip_point=trip_point)
