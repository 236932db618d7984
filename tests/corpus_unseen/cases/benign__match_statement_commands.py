from collections import Counter

history = [
    ("caget", "SR:DCCT"),
    ("caput", "SR:HCM1", 0.2),
    ("caput", "SR:HCM1", 0.3),
    ("sleep", 2),
    ("camonitor", "SR:GAP"),
]


def classify(entry):
    match entry:
        case ("caget" | "camonitor", str(name)):
            return "read", name
        case ("caput", str(name), float(value)) if abs(value) < 1:
            return "small write", name
        case ("caput", name, _):
            return "large write", name
        case ("sleep", int(n) | float(n)):
            return "pause", f"{n} s"
        case _:
            return "unknown", repr(entry)


counts = Counter(classify(e)[0] for e in history)
for kind, n in counts.most_common():
    print(f"{kind:<12} {n}")
