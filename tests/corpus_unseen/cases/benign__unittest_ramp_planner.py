import unittest


class RampPlanner:
    def __init__(self, limit):
        self.limit = limit
        self.points = []

    def put(self, value):
        if abs(value) > self.limit:
            raise ValueError("over the limit")
        self.points.append(value)

    def plan(self, start, stop, steps):
        for k in range(steps + 1):
            self.put(start + (stop - start) * k / steps)
        return self.points


class RampPlannerTest(unittest.TestCase):
    def setUp(self):
        self.planner = RampPlanner(limit=5)

    def test_plan_ends_on_target(self):
        self.assertAlmostEqual(self.planner.plan(0, 4, 8)[-1], 4)

    def test_limit(self):
        with self.assertRaises(ValueError):
            self.planner.plan(0, 6, 3)
        self.assertEqual(len(self.planner.points), 3)


if __name__ == "__main__":
    unittest.main(exit=False, verbosity=2)
