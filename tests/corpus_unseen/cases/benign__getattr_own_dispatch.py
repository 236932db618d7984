class Analyser:
    def __init__(self, values):
        self.values = list(values)

    def do_mean(self):
        return sum(self.values) / len(self.values)

    def do_span(self):
        return max(self.values) - min(self.values)

    def do_count(self):
        return len(self.values)


def run(analyser, steps):
    report = {}
    for step in steps:
        method = getattr(analyser, "do_" + step, None)
        if method is None:
            print("no such step:", step)
            continue
        report[step] = method()
    return report


a = Analyser([3.1, 2.9, 3.4, 3.0])
setattr(a, "label", "dcct noise")
print(getattr(a, "label"), run(a, ["mean", "span", "count", "median"]))
print(hasattr(a, "values"), a.__class__.__name__)
