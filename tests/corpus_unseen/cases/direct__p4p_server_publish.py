import math
from p4p.nt import NTScalar
from p4p.server import Server, StaticProvider
from p4p.server.thread import SharedPV

provider = StaticProvider("soft")
emittance = SharedPV(nt=NTScalar("d"), initial=0.0)
provider.add("SOFT:EMITTANCE", emittance)
with Server(providers=[provider]):
    for k in range(4):
        emittance.post(math.exp(-k))
