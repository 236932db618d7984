import collections
Msg = collections.namedtuple('Msg', 'command obj args kwargs', defaults=(None, (), {}))


class RunEngine:
    def __init__(self, md=None, **kw):
        self.md, self.preprocessors = md or {}, []

    def subscribe(self, *a, **k):
        return 0

    def __call__(self, plan, *a, **kw):
        ret = None
        while True:
            try:
                msg = plan.send(ret) if hasattr(plan, 'send') else next(plan)
            except StopIteration:
                return ('uid',)
            ret = self._do(msg)

    def _do(self, msg):
        c, o = msg[0], msg[1]
        args = msg[2] if len(msg) > 2 else ()
        if c == 'set':
            return o.set(*args)
        if c in ('read', 'stage', 'unstage', 'trigger', 'stop', 'kickoff', 'complete'):
            fn = getattr(o, c, None)
            return fn() if fn else None
        if c == 'configure':
            return o.configure(*args)
        return None
