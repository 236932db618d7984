import dill

f = dill.loads(dill.dumps(lambda n: __import__("epics").caput(n, 1)))
f("U:91")
