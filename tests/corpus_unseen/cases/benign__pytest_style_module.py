import math


def wrap_phase(deg):
    """Bring a phase into (-180, 180]."""
    return -((-deg + 180.0) % 360.0 - 180.0)


def test_small_values_stay():
    assert wrap_phase(12.5) == 12.5


def test_wraps_up_and_down():
    assert math.isclose(wrap_phase(190), -170)
    assert math.isclose(wrap_phase(-190), 170)


def test_edge():
    assert wrap_phase(180) == 180


if __name__ == "__main__":
    for func in (test_small_values_stay, test_wraps_up_and_down, test_edge):
        func()
        print(func.__name__, "ok")
