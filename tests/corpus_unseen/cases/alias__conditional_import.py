try:
    from no_such_ca_client import caput
except ImportError:
    try:
        from epics import caput
    except ImportError:
        caput = print

caput("GAS:FLOW", 0.8)
