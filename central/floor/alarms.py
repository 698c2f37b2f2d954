"""The life of an alarm (pure), after ANSI/ISA-18.2-2016 and IEC 62682: what the equipment does and what people do to it.

    normal ──raised──► unacknowledged ──acknowledged──► acknowledged ──cleared──► normal
                           │ cleared                        (latching: latched ──reset──► normal)
                           ▼
                        returned ──acknowledged──► normal

Shelving (a person, for a time, with a reason), suppression by design (a rule) and taking out of service (for maintenance)
lie over these states: the alarm lives on below and shows itself again when they end. Only the latest word on the condition
counts, by the time it became true: a message that arrives late changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

Priority = Literal[1, 2, 3, 4]
Name = Literal[
    "normal", "unacknowledged", "acknowledged", "returned", "latched", "shelved", "suppressed_by_design", "out_of_service"
]
LONGEST_SHELVING = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One condition of one thing that needs a person. Times are of the event, not of its arrival.

    is_active: the condition holds. is_latching: its end must be confirmed by a person. since: the latest change of the
    condition. acknowledged_by, shelved_by, reason: for those who read the row.
    """

    is_active: bool = False
    is_acknowledged: bool = True
    is_latching: bool = False
    priority: Priority = 3
    since: datetime | None = None
    raised_at: datetime | None = None
    times: int = 0
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    shelved_until: datetime | None = None
    shelved_by: str | None = None
    reason: str | None = None
    suppressed_by: str | None = None
    out_of_service_by: str | None = None
    needs_reset: bool = False


@dataclass(frozen=True)
class Raised:
    """The condition became true at `at`."""

    at: datetime
    priority: Priority = 3
    is_latching: bool = False


@dataclass(frozen=True)
class Cleared:
    """The condition ended at `at`."""

    at: datetime


@dataclass(frozen=True)
class Acknowledged:
    """A person has seen it."""

    at: datetime
    who: str


@dataclass(frozen=True)
class Reset:
    """A person confirms that a latched alarm is over."""

    at: datetime
    who: str


@dataclass(frozen=True)
class Shelved:
    """A person puts it away until `until`, for a `reason`."""

    at: datetime
    who: str
    until: datetime
    reason: str


@dataclass(frozen=True)
class Unshelved:
    """A person takes it back before its time."""

    at: datetime
    who: str


@dataclass(frozen=True)
class Suppressed:
    """A rule says that it means nothing now (`rule` None: it does again)."""

    at: datetime
    rule: str | None


@dataclass(frozen=True)
class OutOfService:
    """A person takes it out of service for maintenance, for a `reason`."""

    at: datetime
    who: str
    reason: str


@dataclass(frozen=True)
class InService:
    """A person puts it back into service."""

    at: datetime
    who: str


Happening = Raised | Cleared | Acknowledged | Reset | Shelved | Unshelved | Suppressed | OutOfService | InService


class NotPossible(ValueError):
    """What was asked does not fit the alarm's state; the message says why."""


def state(alarm: Alarm, now: datetime) -> Name:
    """Which of the standard's states it is in."""
    if alarm.out_of_service_by is not None:
        return "out_of_service"
    if alarm.suppressed_by is not None:
        return "suppressed_by_design"
    if is_shelved(alarm, now):
        return "shelved"
    if alarm.is_active:
        return "acknowledged" if alarm.is_acknowledged else "unacknowledged"
    if not alarm.is_acknowledged:
        return "returned"
    return "latched" if alarm.needs_reset else "normal"


def is_shelved(alarm: Alarm, now: datetime) -> bool:
    """Whether it is put away at the moment: shelving ends by itself."""
    return alarm.shelved_until is not None and now < alarm.shelved_until


def needs_a_person(alarm: Alarm, now: datetime) -> bool:
    """Whether it belongs into the inbox."""
    return state(alarm, now) in ("unacknowledged", "acknowledged", "returned", "latched")


def after(alarm: Alarm, happening: Happening) -> Alarm:
    """The alarm after one more happening; `alarm` itself when it changes nothing. Raises NotPossible."""
    return _RULES[type(happening)](alarm, happening)


def _raised(alarm: Alarm, happening: Raised) -> Alarm:
    if alarm.since is not None and happening.at < alarm.since:
        return alarm
    if alarm.is_active:
        return _graver(alarm, happening)
    return replace(
        alarm,
        is_active=True,
        is_acknowledged=False,
        is_latching=happening.is_latching,
        needs_reset=happening.is_latching,
        priority=happening.priority,
        since=happening.at,
        raised_at=happening.at,
        times=alarm.times + 1,
        acknowledged_by=None,
        acknowledged_at=None,
    )


def _graver(alarm: Alarm, happening: Raised) -> Alarm:
    """The same condition told again: only a graver one needs a person again."""
    if happening.priority == alarm.priority:
        return alarm
    is_graver = happening.priority < alarm.priority
    return replace(
        alarm, priority=happening.priority, since=happening.at, is_acknowledged=alarm.is_acknowledged and not is_graver
    )


def _cleared(alarm: Alarm, happening: Cleared) -> Alarm:
    if not alarm.is_active or (alarm.since is not None and happening.at < alarm.since):
        return alarm
    return replace(alarm, is_active=False, since=happening.at)


def _acknowledged(alarm: Alarm, happening: Acknowledged) -> Alarm:
    if alarm.is_acknowledged:
        raise NotPossible("nothing waits to be acknowledged: it was, or it is over")
    return replace(alarm, is_acknowledged=True, acknowledged_by=happening.who, acknowledged_at=happening.at)


def _reset(alarm: Alarm, _happening: Reset) -> Alarm:
    if alarm.is_active or not alarm.needs_reset:
        raise NotPossible("the condition still holds" if alarm.is_active else "nothing is latched")
    if not alarm.is_acknowledged:
        raise NotPossible("acknowledge it first")
    return replace(alarm, needs_reset=False)


def _shelved(alarm: Alarm, happening: Shelved) -> Alarm:
    if is_shelved(alarm, happening.at):
        raise NotPossible("it is shelved already")
    if not happening.reason.strip():
        raise NotPossible("shelving needs a reason")
    if not timedelta(0) < happening.until - happening.at <= LONGEST_SHELVING:
        raise NotPossible(f"shelving ends within {LONGEST_SHELVING.total_seconds() / 3600:g} h: choose an earlier end")
    return replace(alarm, shelved_until=happening.until, shelved_by=happening.who, reason=happening.reason.strip())


def _unshelved(alarm: Alarm, happening: Unshelved) -> Alarm:
    if not is_shelved(alarm, happening.at):
        raise NotPossible("it is not shelved")
    return replace(alarm, shelved_until=None, shelved_by=None, reason=None)


def _suppressed(alarm: Alarm, happening: Suppressed) -> Alarm:
    return replace(alarm, suppressed_by=happening.rule)


def _out_of_service(alarm: Alarm, happening: OutOfService) -> Alarm:
    if not happening.reason.strip():
        raise NotPossible("taking it out of service needs a reason")
    if alarm.out_of_service_by is not None:
        raise NotPossible("it is out of service already")
    return replace(alarm, out_of_service_by=happening.who, reason=happening.reason.strip())


def _in_service(alarm: Alarm, _happening: InService) -> Alarm:
    if alarm.out_of_service_by is None:
        raise NotPossible("it is in service")
    return replace(alarm, out_of_service_by=None, reason=None)


_RULES: Mapping[type[Happening], Callable[..., Alarm]] = MappingProxyType(
    {
        Raised: _raised,
        Cleared: _cleared,
        Acknowledged: _acknowledged,
        Reset: _reset,
        Shelved: _shelved,
        Unshelved: _unshelved,
        Suppressed: _suppressed,
        OutOfService: _out_of_service,
        InService: _in_service,
    }
)
