"""Try out the feedback law against a mock instead of a channel."""
from unittest.mock import MagicMock, call


def step(readback, setpoint, target, gain=0.4):
    error = target - readback.get()
    setpoint.put(setpoint.get() + gain * error)
    return error


readback = MagicMock(name="readback")
setpoint = MagicMock(name="setpoint")
readback.get.side_effect = [9.0, 9.6, 9.9]
setpoint.get.return_value = 1.0

errors = [step(readback, setpoint, 10.0) for _ in range(3)]
assert setpoint.put.call_count == 3
assert setpoint.put.call_args_list[0] == call(1.4)
print("errors", [round(e, 3) for e in errors])
print("calls", setpoint.put.call_args_list)
