from epics import Motor

theta = Motor("MONO:theta", timeout=1.0)
theta.slew_speed = 0.2
theta.set_position(11.402)
