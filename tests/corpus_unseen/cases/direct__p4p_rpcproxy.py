from p4p.client.thread import Context
from p4p.rpc import rpccall, rpcproxy


@rpcproxy
class Filler:
    @rpccall("%sinject")
    def inject(bunches="i", charge="d"):
        pass


ctxt = Context("pva")
filler = Filler(context=ctxt, format="INJ:")
filler.inject(12, 0.3)
