from p4p.client.thread import Context
from p4p.nt import NTURI

calc = NTURI([("energy", "d"), ("mode", "s")])
with Context("pva") as ctxt:
    answer = ctxt.rpc("OPTICS:MATCH", calc.wrap("OPTICS:MATCH", kws={"energy": 2.4, "mode": "user"}))
    print(answer)
