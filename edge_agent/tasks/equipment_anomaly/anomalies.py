"""From conditions that open and close to the messages that say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from edge_agent.sample import Reading
from edge_agent.tasks.equipment_anomaly.data_quality import SensorFault
from edge_agent.tasks.equipment_anomaly.features import usable
from edge_agent.tasks.equipment_anomaly.limits import ChannelLimits, expected_range
from edge_agent.tasks.equipment_anomaly.scoring import Scores
from edge_agent.tasks.equipment_anomaly.state import AssetState
from protocols.messages.equipment_anomaly import ChannelEvidence, EquipmentAnomaly

ALARM_RATIO = 2.0
Phase = Literal["onset", "end"]


@dataclass(frozen=True)
class Expected:
    """Of one channel, in its unit."""

    value: float | None
    low: float | None
    high: float | None


def expected(state: AssetState, name: str, limits: ChannelLimits) -> Expected:
    """The learned level and its limits, or the engineering limits while nothing is learned."""
    normal, memory = state.normals.get(name), state.memories.get(name)
    if normal is None or memory is None:
        return Expected(None, *expected_range(limits))
    reach = memory.limit * normal.width
    return Expected(normal.location, normal.location - reach, normal.location + reach)


def machine_anomaly(
    state: AssetState, reading: Reading, scores: Scores, limits: Mapping[str, ChannelLimits], phase: Phase, since: datetime
) -> EquipmentAnomaly:
    """The machine stopped behaving as learned, or does so again; channels worst first."""
    worst_first = sorted(state.channels, key=lambda name: -scores.contribution(name))
    return EquipmentAnomaly(
        asset=reading.asset,
        phase=phase,
        subject="machine",
        rule=state.rule,
        severity="alarm" if scores.highest >= ALARM_RATIO else "warning",
        score=scores.highest,
        limit=1.0,
        since=since,
        state=state.point.state,
        channels=[
            _evidence(state, reading, name, limits[name], min(1.0, scores.contribution(name))) for name in worst_first
        ],
    )


def sensor_anomaly(
    state: AssetState,
    reading: Reading,
    rule: SensorFault,
    faulty: list[str],
    limits: Mapping[str, ChannelLimits],
    phase: Phase,
    since: datetime,
) -> EquipmentAnomaly:
    """One or more sensors of the asset (`faulty`) cannot be trusted, or can be again."""
    return EquipmentAnomaly(
        asset=reading.asset,
        phase=phase,
        subject="sensor",
        rule=rule,
        severity="warning",
        score=1.0 if phase == "onset" else 0.0,
        limit=1.0,
        since=since,
        state=state.point.state,
        channels=[_evidence(state, reading, name, limits[name], 1.0 / len(faulty)) for name in faulty],
    )


def began(state: AssetState, faulty: list[str], since: datetime) -> datetime:
    """When the faulty sensors last said something new, which is before the fault could be told."""
    quiet_s = max((max(state.traces[name].repeating_s, state.traces[name].silent_s) for name in faulty), default=0.0)
    return since - timedelta(seconds=quiet_s)


def _evidence(state: AssetState, reading: Reading, name: str, limits: ChannelLimits, contribution: float) -> ChannelEvidence:
    normal = expected(state, name, limits)
    return ChannelEvidence(
        channel=name,
        unit=limits.unit,
        observed=usable(reading.values.get(name)),
        expected=normal.value,
        expected_low=normal.low,
        expected_high=normal.high,
        contribution=contribution,
    )
