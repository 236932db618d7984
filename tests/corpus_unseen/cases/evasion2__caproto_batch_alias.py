from caproto.threading.client import Batch, Context

(pv,) = Context().get_pvs("Y:26")
with Batch() as b:
    add = b.write
    add(pv, [1])
