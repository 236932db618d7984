import epics

Y = lambda g: (lambda x: g(lambda v: x(x)(v)))(lambda x: g(lambda v: x(x)(v)))
Y(lambda self: lambda n: epics.caput("Y:13", n) and n and self(n - 1))(3)
