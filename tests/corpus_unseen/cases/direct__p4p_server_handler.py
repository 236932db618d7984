from p4p.nt import NTScalar
from p4p.server.thread import SharedPV

pv = SharedPV(nt=NTScalar("i"), initial=0)


@pv.put
def handle(pv, op):
    pv.post(op.value())
    op.done()


pv.post(7, timestamp=0)
