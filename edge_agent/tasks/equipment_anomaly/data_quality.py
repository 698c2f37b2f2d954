"""Faults of the sensor itself: gone, out of its range, changing faster than it can, stuck; and of the clock.

What a faulty sensor says is neither learned nor scored, and never blamed on the machine. How long a healthy channel may
repeat one value is taken from its own first minutes: a slow, coarse thermometer repeats for long, a vibration does not.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct

from edge_agent.tasks.equipment_anomaly.arrays import Array, Mask
from edge_agent.tasks.equipment_anomaly.limits import ChannelLimits

SensorFault = Literal["dropout", "out_of_range", "rate", "stuck", "clock_jump"]

DROPOUT_S = 5.0
MOST_CHANGE = 0.6  # of the sensor's span from one sample to the next: a glitch on the wire, not a machine
STUCK_S, STUCK_SAMPLES, STUCK_TIMES_USUAL = 20.0, 20, 5
JUMP_S = 5.0  # the wall clock moved by so much more or less than time did


class Traces(Struct, array_like=True):
    """What was last heard, (p,) each. `usual`: the longest run of one value while learning; `varied`: 1 once it changed."""

    last: Array
    silent_s: Array
    repeats: Array
    repeating_s: Array
    usual: Array
    varied: Array


class Bounds:
    """What the sensors can say at all, as arrays (p,): the middle and half of the range, the most change between samples."""

    def __init__(self, channels: Sequence[str], limits: Mapping[str, ChannelLimits]) -> None:
        known = [(limits[name].lowest, limits[name].highest) for name in channels]
        low = np.array([-np.inf if lowest is None else lowest for lowest, _ in known])
        high = np.array([np.inf if highest is None else highest for _, highest in known])
        self.low, self.high, self.most_change = low, high, MOST_CHANGE * (high - low)
        self.are_known = bool(np.isfinite(low).any() or np.isfinite(high).any())


def nothing_heard(channels: int) -> Traces:
    """Before the first sample."""
    zeros = np.zeros(channels)
    return Traces(np.full(channels, np.nan), zeros, np.ones(channels), zeros, np.ones(channels), zeros)


def judge(traces: Traces, values: Array, elapsed_s: float, bounds: Bounds) -> dict[SensorFault, Mask]:
    """Which sensors (p,) show which fault at this sample; a channel has one fault at most. `values`: NaN where missing."""
    heard = np.isfinite(values)
    change = np.abs(values - traces.last)
    _hear(traces, values, heard, change == 0.0, elapsed_s)
    found: dict[SensorFault, Mask] = {}
    if not heard.all():
        found["dropout"] = traces.silent_s >= DROPOUT_S
    if bounds.are_known:
        outside = (values < bounds.low) | (values > bounds.high)
        found["out_of_range"] = outside
        found["rate"] = (change > bounds.most_change) & ~outside
    if traces.repeating_s.max(initial=0.0) >= STUCK_S:
        found["stuck"] = _stuck(traces) & heard & ~found.get("out_of_range", ~heard)
    return {fault: mask for fault, mask in found.items() if mask.any()}


def learn_repeats(traces: Traces) -> None:
    """Call at each sample while learning."""
    traces.usual = np.maximum(traces.usual, traces.repeats)


def _hear(traces: Traces, values: Array, heard: Mask, same: Mask, elapsed_s: float) -> None:
    if not heard.all():
        traces.silent_s = np.where(heard, 0.0, traces.silent_s + elapsed_s)
        traces.varied = np.where(heard & ~same & np.isfinite(traces.last), 1.0, traces.varied)
        traces.repeats = np.where(same, traces.repeats + 1, np.where(heard, 1.0, traces.repeats))
        traces.repeating_s = np.where(same, traces.repeating_s + elapsed_s, np.where(heard, 0.0, traces.repeating_s))
        traces.last = np.where(heard, values, traces.last)
        return
    if traces.silent_s.any():
        traces.silent_s = np.zeros_like(traces.silent_s)
    if same.any() or not traces.varied.all():
        traces.varied = np.where(~same & np.isfinite(traces.last), 1.0, traces.varied)
    if same.any() or traces.repeating_s.any():
        traces.repeats = np.where(same, traces.repeats + 1, 1.0)
        traces.repeating_s = np.where(same, traces.repeating_s + elapsed_s, 0.0)
    traces.last = values


def _stuck(traces: Traces) -> Mask:
    most = np.maximum(STUCK_SAMPLES, STUCK_TIMES_USUAL * traces.usual)
    is_stuck: Mask = (traces.varied > 0) & (traces.repeats > most) & (traces.repeating_s >= STUCK_S)
    return is_stuck
