import inspect


def shape(n: "__import__('epics').PV('U:58').put(1)"):
    pass


inspect.signature(shape, eval_str=True)
