from functools import lru_cache, partial, reduce, singledispatch
import operator


@lru_cache(maxsize=None)
def binomial(n, k):
    return 1 if k in (0, n) else binomial(n - 1, k - 1) + binomial(n - 1, k)


@singledispatch
def show(value):
    return str(value)


@show.register
def _(value: float):
    return f"{value:.3f}"


@show.register
def _(value: list):
    return "[" + ", ".join(show(v) for v in value) + "]"


def scale(factor, values):
    return [factor * v for v in values]


to_mrad = partial(scale, 1e3)
print(show(to_mrad([1.2e-3, 4.5e-4])))
print(reduce(operator.mul, range(1, 6)), binomial(30, 15), binomial.cache_info().hits)
