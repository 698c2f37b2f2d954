"""Faults of the sensor itself: stuck, gone, out of its range, changing faster than it can.

What a faulty sensor says is neither learned nor scored, and never blamed on the machine. How long a healthy channel may
repeat one value is taken from its own first minutes: a slow, coarse thermometer repeats for long, a vibration does not.
"""

from typing import Literal

from msgspec import Struct

from edge_agent.tasks.equipment_anomaly.features import usable
from edge_agent.tasks.equipment_anomaly.limits import ChannelLimits

SensorFault = Literal["dropout", "out_of_range", "rate", "stuck"]

DROPOUT_S = 5.0
MOST_CHANGE = 0.6  # of the sensor's span from one sample to the next: a glitch on the wire, not a machine
STUCK_S, STUCK_SAMPLES, STUCK_TIMES_USUAL = 20.0, 20, 5


class Trace(Struct):
    """What was last heard of a channel. `usual_repeats`: the longest run of one value while learning."""

    last: float | None = None
    silent_s: float = 0.0
    repeats: int = 1
    repeating_s: float = 0.0
    usual_repeats: int = 1
    has_varied: bool = False


def judge(trace: Trace, value: float | None, elapsed_s: float, limits: ChannelLimits) -> SensorFault | None:
    """What is wrong with the sensor at this sample, None when it can be trusted or is silent only briefly."""
    number = usable(value)
    if number is None:
        trace.silent_s += elapsed_s
        return "dropout" if trace.silent_s >= DROPOUT_S else None
    trace.silent_s = 0.0
    change = _heard(trace, number, elapsed_s)
    if _is_outside(limits, number):
        return "out_of_range"
    if limits.lowest is not None and limits.highest is not None and change > MOST_CHANGE * (limits.highest - limits.lowest):
        return "rate"
    return "stuck" if _is_stuck(trace) else None


def learn_repeats(trace: Trace) -> None:
    """Call at each sample while learning."""
    trace.usual_repeats = max(trace.usual_repeats, trace.repeats)


def _heard(trace: Trace, value: float, elapsed_s: float) -> float:
    """Takes note of a value; gives its distance from the one before."""
    last, trace.last = trace.last, value
    if last is None:
        return 0.0
    if value == last:
        trace.repeats += 1
        trace.repeating_s += elapsed_s
        return 0.0
    trace.repeats, trace.repeating_s, trace.has_varied = 1, 0.0, True
    return abs(value - last)


def _is_outside(limits: ChannelLimits, value: float) -> bool:
    below = limits.lowest is not None and value < limits.lowest
    return below or (limits.highest is not None and value > limits.highest)


def _is_stuck(trace: Trace) -> bool:
    most = max(STUCK_SAMPLES, STUCK_TIMES_USUAL * trace.usual_repeats)
    return trace.has_varied and trace.repeats > most and trace.repeating_s >= STUCK_S
