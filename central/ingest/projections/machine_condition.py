"""The condition of a machine (pure): an anomaly begins and ends by its messages, minutes tell how the machine runs.

Latest means greatest event time: a message that is older than what the condition rests on changes nothing. The end of one
rule's anomaly does not end another's.
"""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from central.ingest.accept import Taken
from protocols.messages.equipment_anomaly import ChannelEvidence, EquipmentAnomaly, OperatingState
from protocols.messages.sensor_summary import SensorSummary

NORMAL = "normal"


class Condition(Struct, frozen=True, kw_only=True):
    """Newest condition: normal, warning, alarm or sensor. sequence: the event it rests on.

    rule, channels (worst first): of the anomaly. judged_at: time of the anomaly message that `condition` rests on; as_of:
    of the newest message of any kind; since: begin of the condition.
    """

    machine: str
    condition: str = NORMAL
    operating_state: OperatingState = "unknown"
    score: float = 0.0
    limit: float = 0.0
    learned: float = 0.0
    rule: str | None = None
    since: datetime | None = None
    channels: list[ChannelEvidence] | None = None
    device: str
    sequence: int
    judged_at: datetime | None = None
    as_of: datetime


def unknown(machine: str, device: str, taken: Taken) -> Condition:
    """Before anything was heard of a machine."""
    return Condition(machine=machine, device=device, sequence=taken.event.sequence, as_of=taken.at)


def after(before: Condition, device: str, taken: Taken, data: EquipmentAnomaly | SensorSummary) -> Condition:
    """After a message about the machine; `before` itself when it changes nothing."""
    if isinstance(data, EquipmentAnomaly):
        return _after_anomaly(before, device, taken, data)
    return _after_summary(before, device, taken, data)


def is_news(before: Condition | None, now: Condition) -> bool:
    """Whether the condition is another one, not only newer."""
    return before is None or (before.condition, before.rule) != (now.condition, now.rule)


def _after_anomaly(before: Condition, device: str, taken: Taken, data: EquipmentAnomaly) -> Condition:
    is_late = before.judged_at is not None and taken.at < before.judged_at
    if is_late or (data.phase == "end" and before.rule not in (data.rule, None)):
        return before
    judged = replace(
        before,
        device=device,
        sequence=taken.event.sequence,
        judged_at=taken.at,
        as_of=max(before.as_of, taken.at),
        score=data.score,
        limit=data.limit,
    )
    if data.phase == "end":
        return replace(judged, condition=NORMAL, rule=None, since=taken.at, channels=None)
    condition = "sensor" if data.subject == "sensor" else data.severity
    return replace(
        judged, condition=condition, rule=data.rule, since=data.since, channels=data.channels, operating_state=data.state
    )


def _after_summary(before: Condition, device: str, taken: Taken, data: SensorSummary) -> Condition:
    if taken.at < before.as_of:
        return before
    rests_on = {"device": device, "sequence": taken.event.sequence} if before.condition == NORMAL else {}
    return replace(
        before,
        operating_state=data.state,
        score=data.score,
        limit=data.limit,
        learned=data.learned,
        as_of=taken.at,
        **rests_on,
    )
