put = lambda n, v, e=__import__("epics"): e.caput(n, v)
put("U:12", 1)
