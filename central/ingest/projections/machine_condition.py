"""The condition of a machine (pure): an anomaly begins and ends by its messages, minutes tell how the machine runs.

Latest means greatest event time: a message that is older than what the condition rests on changes nothing. The end of one
rule's anomaly does not end another's.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from protocols.messages.equipment_anomaly import ChannelEvidence, EquipmentAnomaly, OperatingState
from protocols.messages.sensor_summary import SensorSummary

NORMAL = "normal"


class Word(Struct, frozen=True):
    """What an event says of a machine. at: when it occurred; by: how much later that is than the device said."""

    device: str
    sequence: int
    at: datetime
    by: timedelta
    data: EquipmentAnomaly | SensorSummary


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


def unknown(word: Word) -> Condition:
    """Before anything was heard of a machine."""
    return Condition(machine=word.data.asset, device=word.device, sequence=word.sequence, as_of=word.at)


def after(before: Condition, word: Word) -> Condition:
    """After a message about the machine; `before` itself when it changes nothing."""
    if isinstance(word.data, EquipmentAnomaly):
        return _after_anomaly(before, word, word.data)
    return _after_summary(before, word, word.data)


def redated(state: Condition, moved: Mapping[datetime, datetime]) -> Condition:
    """The condition when events that it rests on occurred at other times than was believed (old → new)."""
    times = {name: moved.get(getattr(state, name), getattr(state, name)) for name in ("judged_at", "as_of", "since")}
    return replace(state, **times)


def is_news(before: Condition | None, now: Condition) -> bool:
    """Whether the condition is another one, not only newer."""
    return before is None or (before.condition, before.rule) != (now.condition, now.rule)


def _after_anomaly(before: Condition, word: Word, data: EquipmentAnomaly) -> Condition:
    is_late = before.judged_at is not None and word.at < before.judged_at
    if is_late or (data.phase == "end" and before.rule not in (data.rule, None)):
        return before
    judged = replace(
        before,
        device=word.device,
        sequence=word.sequence,
        judged_at=word.at,
        as_of=max(before.as_of, word.at),
        score=data.score,
        limit=data.limit,
    )
    if data.phase == "end":
        return replace(judged, condition=NORMAL, rule=None, since=word.at, channels=None)
    condition = "sensor" if data.subject == "sensor" else data.severity
    return replace(
        judged,
        condition=condition,
        rule=data.rule,
        since=later(data.since, word.by),
        channels=data.channels,
        operating_state=data.state,
    )


def _after_summary(before: Condition, word: Word, data: SensorSummary) -> Condition:
    if word.at < before.as_of:
        return before
    rests_on = {"device": word.device, "sequence": word.sequence} if before.condition == NORMAL else {}
    return replace(
        before,
        operating_state=data.state,
        score=data.score,
        limit=data.limit,
        learned=data.learned,
        as_of=word.at,
        **rests_on,
    )


def later(moment: datetime, by: timedelta) -> datetime:
    """A moment that a device told, corrected as its event was; itself where that has no date."""
    try:
        return moment + by if by else moment
    except OverflowError:
        return moment
