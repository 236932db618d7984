from decimal import Context, Decimal, getcontext, localcontext, setcontext
from fractions import Fraction

setcontext(Context(prec=30))
harmonic = 328
rf = Decimal("499654097.123")
print("revolution", rf / harmonic)
with localcontext() as ctx:
    ctx.prec = 8
    print("short     ", rf / harmonic)
getcontext().prec = 12
ratio = Fraction(rf / harmonic).limit_denominator(1000)
print("ratio", ratio, float(ratio))
