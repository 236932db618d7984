from caproto.threading.client import Context

with Context() as ctx:
    sp, rb = ctx.get_pvs("DLS:TEMP:SP", "DLS:TEMP:RB")
    sp.wait_for_connection()
    for kelvin in (80.0, 78.0, 76.0):
        sp.write((kelvin,), wait=True)
        print(rb.read().data)
