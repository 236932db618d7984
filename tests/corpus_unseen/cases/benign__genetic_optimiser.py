from dataclasses import dataclass
import numpy as np


@dataclass
class Objective:
    calls: int = 0

    def set_knobs(self, knobs):
        self.knobs = np.asarray(knobs)
        return self

    def measure(self):
        self.calls += 1
        x = self.knobs
        return float(np.sum((x - 0.3) ** 2) + 0.05 * np.sum(1 - np.cos(6 * (x - 0.3))))


def evolve(objective, dims=4, size=24, generations=40, seed=8):
    rng = np.random.default_rng(seed)
    population = rng.uniform(-1, 1, (size, dims))
    scores = np.array([objective.set_knobs(p).measure() for p in population])
    for _ in range(generations):
        for i in range(size):
            a, b, c = population[rng.choice(size, 3, replace=False)]
            cross = rng.random(dims) < 0.8
            trial = np.where(cross, a + 0.7 * (b - c), population[i])
            score = objective.set_knobs(trial).measure()
            if score < scores[i]:
                population[i], scores[i] = trial, score
    best = scores.argmin()
    return population[best], scores[best]


objective = Objective()
point, score = evolve(objective)
print(point.round(3), round(score, 6), "after", objective.calls, "evaluations")
