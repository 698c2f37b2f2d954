"""A long course of a machine without faults, at evenly spaced moments: the same physics as a world that ticks.

Heat steps from moment to moment, as it does in the world; everything else is worked out for all moments together.
"""

import math
from dataclasses import dataclass

import numpy as np

from firmware_sim.scene import Channel, Machine
from firmware_sim.world.duty import running_s
from firmware_sim.world.machine import (
    Heat,
    at_rest,
    load_share,
    noisy,
    running_quantities,
    settled_heat,
    warmed,
)
from firmware_sim.world.numbers import Floats


@dataclass(frozen=True)
class Course:
    """What a machine's transmitters said, (n,) a channel, and its heat at the end."""

    sensed: dict[Channel, Floats]
    heat: Heat


def started(machine: Machine, time_s: float) -> Heat:
    """The heat of a machine that has run, or stood, for hours."""
    return settled_heat(machine) if running_s(machine.duty, time_s) > 0.0 else Heat(0.0, 0.0)


def course(machine: Machine, times_s: Floats, heat: Heat, rng: np.random.Generator) -> Course:
    """`times_s` (n,), the step of the world between them; `heat` one step before the first of them."""
    on_s = running_s(machine.duty, times_s)
    runs = on_s > 0.0
    loads = np.where(runs, load_share(machine.load, times_s), 0.0)
    step_s = float(times_s[1] - times_s[0]) if len(times_s) > 1 else math.inf
    case_k = np.empty(len(times_s))
    for place, load in enumerate(loads.tolist()):
        heat = warmed(machine.thermal, heat, load, 0.0, step_s)
        case_k[place] = heat.case_k
    running = running_quantities(machine, case_k, {}, times_s, on_s)
    resting = at_rest(machine, running)
    noise = rng.standard_normal((len(times_s), len(running)))
    return Course(
        {
            channel: noisy(channel, np.where(runs, value, resting[channel]), noise[:, place])
            for place, (channel, value) in enumerate(running.items())
        },
        heat,
    )
