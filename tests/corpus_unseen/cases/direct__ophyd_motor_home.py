from ophyd import EpicsMotor

pitch = EpicsMotor("M1:pitch", name="pitch")
pitch.home("forward", wait=True)
print(pitch.position)
pitch.set_current_position(0)
