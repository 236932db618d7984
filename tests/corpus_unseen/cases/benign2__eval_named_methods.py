class Polynomial:
    def __init__(self, *coefficients):
        self.c = coefficients

    def eval(self, x):
        total = 0
        for c in reversed(self.c):
            total = total * x + c
        return total

    def compile(self):
        terms = [f"{c}*x**{n}" for n, c in enumerate(self.c) if c]
        return " + ".join(terms)


class Program:
    def __init__(self, steps):
        self.steps = steps

    def exec(self, start):
        for op, arg in self.steps:
            start = start + arg if op == "add" else start * arg
        return start


p = Polynomial(1, 0, 2, -1)
print(p.compile(), [p.eval(x) for x in range(4)])
print(Program([("add", 2), ("mul", 5), ("add", -1)]).exec(3))
