from p4p.client.Qt import Context

ctxt = Context("pva")


def applied(result):
    print("applied", result)


ctxt.put("BL11:SHUTTER:CMD", applied, 1)
