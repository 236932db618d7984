from enum import Enum, Flag, auto


class State(Enum):
    OFF = "off"
    STANDBY = "standby"
    ON = "on"


class Interlock(Flag):
    NONE = 0
    WATER = auto()
    DOOR = auto()
    VACUUM = auto()


ALLOWED = {State.OFF: {State.STANDBY}, State.STANDBY: {State.OFF, State.ON}, State.ON: {State.STANDBY}}


class Supply:
    def __init__(self):
        self.state = State.OFF
        self.interlock = Interlock.NONE

    def set_state(self, new):
        if self.interlock:
            raise RuntimeError(f"blocked by {self.interlock}")
        if new not in ALLOWED[self.state]:
            raise ValueError(f"{self.state.value} -> {new.value}")
        self.state = new


supply = Supply()
supply.set_state(State.STANDBY)
supply.set_state(State.ON)
supply.interlock |= Interlock.WATER | Interlock.DOOR
try:
    supply.set_state(State.STANDBY)
except RuntimeError as err:
    print(err)
print(supply.state.value, supply.interlock.value)
