from _rec import note, Reading

CA, PVA = 0, 1
DOUBLE, INT, STRING = 'd', 'i', 's'


class PvObject(dict):
    def __init__(self, struct, value=None, *a):
        dict.__init__(self, value or {})

    def setDouble(self, *a):
        pass

    def setString(self, *a):
        pass

    def getPyObject(self, *a):
        return 1.5


PvDouble = PvObject


class Channel:
    def __init__(self, name, provider=PVA):
        self.name = name

    def __getattr__(self, attr):
        if attr.startswith(('put', 'asyncPut', 'parsePut')):
            return lambda *a, **k: note('write', 'pvaccess.' + attr, self.name, a)
        if attr.startswith(('get', 'asyncGet')):
            return lambda *a, **k: (note('read', 'pvaccess.' + attr, self.name), PvObject({}))[1]
        if attr in ('subscribe', 'monitor'):
            return lambda *a, **k: note('read', 'pvaccess.' + attr, self.name)
        if attr in ('startMonitor', 'stopMonitor', 'setTimeout', 'unsubscribe', 'isConnected'):
            return lambda *a, **k: None
        raise AttributeError(attr)


class MultiChannel:
    def __init__(self, names, provider=PVA):
        self.names = names

    def put(self, values, *a):
        note('write', 'pvaccess.MultiChannel.put', self.names)

    def get(self, *a):
        note('read', 'pvaccess.MultiChannel.get', self.names)
        return PvObject({})

    putAsDoubleArray = put


class RpcClient:
    def __init__(self, name, *a):
        self.name = name

    def invoke(self, request, *a):
        note('write', 'pvaccess.RpcClient.invoke', self.name)
        return PvObject({})


class PvaServer:
    def __init__(self, *a):
        pass

    def addRecord(self, name, obj, *a):
        pass

    def update(self, *a):
        note('write', 'pvaccess.PvaServer.update', a[0])

    def start(self):
        pass

    def stop(self):
        pass
