"""When a machine runs: by the hour of the day, and by runs and rests within its hours. For a moment or an array of them."""

import numpy as np

from firmware_sim.scene import Duty
from firmware_sim.world.numbers import Number

DAY_S, HOUR_S = 86_400.0, 3_600.0


def running_s(duty: Duty | None, time_s: Number) -> Number:
    """Seconds since its duty last started the machine: 0 while it stands, infinite where it never stands."""
    if duty is None:
        return time_s + np.inf
    open_s = (duty.to_h - duty.from_h) % 24.0 * HOUR_S or DAY_S
    since_s = (time_s - duty.from_h * HOUR_S) % DAY_S
    if duty.rest_s == 0.0:
        return time_s + np.inf if open_s == DAY_S else since_s * (since_s < open_s)
    within_s = since_s % (duty.run_s + duty.rest_s)
    return within_s * ((since_s < open_s) & (within_s < duty.run_s))
