"""A minute of an asset's channels in a few numbers: what the centre keeps of the sensor history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from msgspec import Struct

from protocols.messages.equipment_anomaly import OperatingState
from protocols.messages.sensor_summary import ChannelSummary, SensorSummary


class Tally(Struct):
    """Of the good values of one channel, in its unit."""

    n: int = 0
    lowest: float = 0.0
    highest: float = 0.0
    total: float = 0.0
    squares: float = 0.0


class Window(Struct):
    """`lasted_s`: seconds since `started_at`; `score`: the highest in it; `states`: seconds spent in each."""

    started_at: datetime
    lasted_s: float = 0.0
    score: float = 0.0
    states: dict[OperatingState, float] = {}
    tallies: dict[str, Tally] = {}


@dataclass(frozen=True)
class Expectation:
    """What is expected of a channel when the window closes."""

    unit: str
    low: float | None
    high: float | None


def add(window: Window, values: Mapping[str, float], state: OperatingState, score: float, elapsed_s: float) -> None:
    """Count one row of good values."""
    window.lasted_s += elapsed_s
    window.score = max(window.score, score)
    window.states[state] = window.states.get(state, 0.0) + max(elapsed_s, 1e-3)
    for name, value in values.items():
        tally = window.tallies.setdefault(name, Tally(lowest=value, highest=value))
        tally.n += 1
        tally.lowest, tally.highest = min(tally.lowest, value), max(tally.highest, value)
        tally.total += value
        tally.squares += value * value


def summarised(window: Window, asset: str, learned: float, expected: Mapping[str, Expectation]) -> SensorSummary:
    """The message of a closed window; its state is the one that lasted longest. Every expected channel is listed."""
    return SensorSummary(
        asset=asset,
        started_at=window.started_at,
        window_s=max(window.lasted_s, 1e-3),
        state=max(window.states, key=lambda state: window.states[state], default="unknown"),
        score=window.score,
        limit=1.0,
        learned=learned,
        channels=[_channel(name, window.tallies.get(name), expected[name]) for name in sorted(expected)],
    )


def _channel(name: str, tally: Tally | None, expected: Expectation) -> ChannelSummary:
    if tally is None:
        return ChannelSummary(channel=name, unit=expected.unit, n=0, expected_low=expected.low, expected_high=expected.high)
    return ChannelSummary(
        channel=name,
        unit=expected.unit,
        n=tally.n,
        min=tally.lowest,
        mean=tally.total / tally.n,
        max=tally.highest,
        rms=sqrt(tally.squares / tally.n),
        expected_low=expected.low,
        expected_high=expected.high,
    )
