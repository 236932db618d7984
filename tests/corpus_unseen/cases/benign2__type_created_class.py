from dataclasses import asdict, make_dataclass

Bpm = make_dataclass("Bpm", [("name", str), ("x", float, 0.0), ("y", float, 0.0)])
Counter = type("Counter", (), {"n": 0, "hit": lambda self: setattr(self, "n", self.n + 1)})

bpms = [Bpm(f"B{i}", x=0.1 * i) for i in range(4)]
counter = Counter()
for bpm in bpms:
    if bpm.x > 0.15:
        bpm.y = bpm.x / 2
        counter.hit()
print([asdict(b) for b in bpms][-1], counter.n, type(counter).__name__)
