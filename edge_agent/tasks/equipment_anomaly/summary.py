"""A minute of an asset's channels in a few numbers: what the centre keeps of the sensor history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

import numpy as np
from msgspec import Struct

from edge_agent.tasks.equipment_anomaly.arrays import Array, Mask
from protocols.messages.equipment_anomaly import OperatingState
from protocols.messages.sensor_summary import ChannelSummary, SensorSummary


class Window(Struct, array_like=True):
    """`lasted_s`: seconds since `started_at`; `score`: the highest in it; `states`: seconds spent in each; arrays (p,) of
    the good values: how many, least, most, sum and sum of squares."""

    started_at: datetime
    count: Array
    lowest: Array
    highest: Array
    total: Array
    squares: Array
    lasted_s: float = 0.0
    score: float = 0.0
    states: dict[OperatingState, float] = {}


def opened(at: datetime, channels: int) -> Window:
    """A window in which nothing was heard yet."""
    zeros, infinite = np.zeros(channels), np.full(channels, np.inf)
    return Window(at, zeros, infinite, -infinite, zeros, zeros)


@dataclass(frozen=True)
class Expectation:
    """What is expected of a channel when the window closes."""

    unit: str
    low: float | None
    high: float | None


def add(window: Window, values: Array, good: Mask | None, state: OperatingState, score: float, elapsed_s: float) -> None:
    """Count one row (p,), of which `good` (None: all) may be told."""
    window.lasted_s += elapsed_s
    window.score = max(window.score, score)
    window.states[state] = window.states.get(state, 0.0) + max(elapsed_s, 1e-3)
    if good is None:
        window.count = window.count + 1
        window.lowest, window.highest = np.minimum(window.lowest, values), np.maximum(window.highest, values)
    else:
        window.count = window.count + good
        window.lowest = np.where(good, np.minimum(window.lowest, values), window.lowest)
        window.highest = np.where(good, np.maximum(window.highest, values), window.highest)
        values = np.where(good, values, 0.0)
    window.total = window.total + values
    window.squares = window.squares + values * values


def summarised(
    window: Window, asset: str, learned: float, channels: Sequence[str], expected: Mapping[str, Expectation]
) -> SensorSummary:
    """The message of a closed window; its state is the one that lasted longest. Every channel is listed."""
    return SensorSummary(
        asset=asset,
        started_at=window.started_at,
        window_s=max(window.lasted_s, 1e-3),
        state=max(window.states, key=lambda state: window.states[state], default="unknown"),
        score=window.score,
        limit=1.0,
        learned=learned,
        channels=[_channel(window, place, name, expected[name]) for place, name in enumerate(channels)],
    )


def _channel(window: Window, place: int, name: str, expected: Expectation) -> ChannelSummary:
    count = int(window.count[place])
    if count == 0:
        return ChannelSummary(channel=name, unit=expected.unit, n=0, expected_low=expected.low, expected_high=expected.high)
    return ChannelSummary(
        channel=name,
        unit=expected.unit,
        n=count,
        min=float(window.lowest[place]),
        mean=float(window.total[place]) / count,
        max=float(window.highest[place]),
        rms=sqrt(float(window.squares[place]) / count),
        expected_low=expected.low,
        expected_high=expected.high,
    )
