"""From conditions that open and close to the messages that say so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

from edge_agent.tasks.equipment_anomaly.arrays import Array
from edge_agent.tasks.equipment_anomaly.data_quality import SensorFault
from edge_agent.tasks.equipment_anomaly.limits import ChannelLimits, expected_range
from edge_agent.tasks.equipment_anomaly.scoring import Scores
from edge_agent.tasks.equipment_anomaly.state import AssetState
from protocols.messages.equipment_anomaly import ChannelEvidence, EquipmentAnomaly

ALARM_RATIO = 2.0
Phase = Literal["onset", "end"]


@dataclass(frozen=True)
class Seen:
    """One reading of an asset as arrays (p,): its values, NaN where missing, and what is known of its channels' limits."""

    asset: str
    at: datetime
    values: Array
    limits: Mapping[str, ChannelLimits]


@dataclass(frozen=True)
class Expected:
    """Of one channel, in its unit."""

    value: float | None
    low: float | None
    high: float | None


def expected(state: AssetState, limits: Mapping[str, ChannelLimits]) -> list[Expected]:
    """By channel: the learned level at the present load and the band within which no rule speaks, or the engineering
    limits while nothing is learned."""
    watch = state.watch
    if watch is None or watch.maxima is None:
        return [Expected(None, *expected_range(limits[name])) for name in state.channels]
    normal = watch.normal
    level = normal.centre + normal.spread * normal.location
    load = state.traces.last[normal.load] if normal.load >= 0 else np.nan
    if np.isfinite(load):
        level = level + normal.slope * (load - normal.centre[normal.load])
    tolerated = float(watch.limits.min() if len(level) > 1 else watch.limits[0])
    band = normal.spread * normal.width * tolerated / np.maximum(normal.weight, 1e-9)
    return [
        Expected(float(level[place]), float(level[place] - band[place]), float(level[place] + band[place]))
        if normal.weight[place] > 0
        else Expected(None, *expected_range(limits[name]))
        for place, name in enumerate(state.channels)
    ]


def machine_anomaly(state: AssetState, seen: Seen, scores: Scores, phase: Phase, since: datetime) -> EquipmentAnomaly:
    """The machine stopped behaving as learned, or does so again; channels worst first."""
    worst_first = sorted(state.channels, key=lambda name: -scores.contribution(name))
    told = dict(zip(state.channels, _evidence(state, seen), strict=True))
    return EquipmentAnomaly(
        asset=seen.asset,
        phase=phase,
        subject="machine",
        rule=state.rule,
        severity="alarm" if scores.highest >= ALARM_RATIO else "warning",
        score=scores.highest,
        limit=1.0,
        since=since,
        state=state.point.state,
        channels=[told[name](min(1.0, scores.contribution(name))) for name in worst_first],
    )


def sensor_anomaly(
    state: AssetState, seen: Seen, rule: SensorFault, faulty: Sequence[str], phase: Phase, since: datetime
) -> EquipmentAnomaly:
    """One or more sensors of the asset (`faulty`) cannot be trusted, or can be again."""
    told = dict(zip(state.channels, _evidence(state, seen), strict=True))
    return EquipmentAnomaly(
        asset=seen.asset,
        phase=phase,
        subject="sensor",
        rule=rule,
        severity="warning",
        score=1.0 if phase == "onset" else 0.0,
        limit=1.0,
        since=since,
        state=state.point.state,
        channels=[told[name](1.0 / len(faulty)) for name in faulty],
    )


def began(state: AssetState, faulty: Sequence[str], since: datetime) -> datetime:
    """When the faulty sensors last said something new, which is before the fault could be told."""
    places = [state.channels.index(name) for name in faulty]
    traces = state.traces
    quiet_s = max((max(float(traces.repeating_s[place]), float(traces.silent_s[place])) for place in places), default=0.0)
    return since - timedelta(seconds=quiet_s)


@dataclass(frozen=True)
class _Told:
    """What there is to say of a channel but its part in the anomaly."""

    channel: str
    unit: str
    observed: float | None
    expected: Expected

    def __call__(self, contribution: float) -> ChannelEvidence:
        return ChannelEvidence(
            channel=self.channel,
            unit=self.unit,
            observed=self.observed,
            expected=self.expected.value,
            expected_low=self.expected.low,
            expected_high=self.expected.high,
            contribution=contribution,
        )


def _evidence(state: AssetState, seen: Seen) -> list[_Told]:
    return [
        _Told(name, seen.limits[name].unit, float(value) if np.isfinite(value) else None, usual)
        for name, value, usual in zip(state.channels, seen.values, expected(state, seen.limits), strict=True)
    ]
