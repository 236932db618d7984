from p4p.client.thread import Context


class Session:
    def __init__(self, ctxt):
        self._c = ctxt

    @classmethod
    def open(cls):
        return cls(Context("pva"))

    def move(self, what, where):
        self._c.put(what, where)


Session.open().move("SAMPLE:Z", 1.1)
