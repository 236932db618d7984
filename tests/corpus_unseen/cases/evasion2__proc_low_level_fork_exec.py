import os as host

child = host.fork()
if not child:
    getattr(host, "exec" + "vp")("caput", ("caput", "X:13", "1"))
host.waitpid(child, 0)
