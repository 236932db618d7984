import sys
import traceback


class PlanError(Exception):
    def __init__(self, channel, value):
        super().__init__(f"{channel} must not go to {value}")
        self.channel, self.value = channel, value


def check(channel, value, limits):
    try:
        low, high = limits[channel]
    except KeyError as err:
        raise PlanError(channel, value) from err
    if not low <= value <= high:
        error = PlanError(channel, value)
        error.add_note(f"allowed: {low} to {high}")
        raise error


limits = {"SR:QF1:SP": (0, 120)}
for channel, value in (("SR:QF1:SP", 100), ("SR:QF1:SP", 130), ("SR:??", 1)):
    try:
        check(channel, value, limits)
        print(channel, value, "is fine")
    except PlanError as err:
        lines = traceback.format_exception_only(err)
        print("".join(lines).strip(), "| cause:", type(err.__cause__).__name__)
