"""Alarms of one thing stand together, and the one that came first is named: it set the others off, perhaps (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from central.floor import alarm_health, alarms
from central.floor.alarm_book import Standing
from central.floor.alarm_health import Raise
from central.floor.alarms import Priority


@dataclass(frozen=True)
class Group:
    """The alarms of one machine (with its sensors) or one device that need a person, in the order in which they came.

    together: those that began with the first of the newest burst, itself in front; empty where one came alone.
    """

    kind: Literal["machine", "device"]
    thing: str
    members: tuple[Standing, ...]
    together: tuple[Standing, ...]

    @property
    def priority(self) -> Priority:
        """Of the gravest that nobody has acknowledged; of the gravest where all are."""
        return min(one.life.priority for one in self.unacknowledged or self.members)

    @property
    def lead(self) -> Standing:
        """The alarm that gives the group its name: the first of the gravest."""
        return next(one for one in self.unacknowledged or self.members if one.life.priority == self.priority)

    @property
    def since(self) -> datetime | None:
        """Since when the leading one stands."""
        return self.lead.life.raised_at

    @property
    def unacknowledged(self) -> tuple[Standing, ...]:
        """Those that nobody has seen yet."""
        return tuple(one for one in self.members if not one.life.is_acknowledged)

    @property
    def latched(self) -> tuple[Standing, ...]:
        """Those that are over and wait to be reset."""
        return tuple(one for one in self.members if one.life.needs_reset and not one.life.is_active)


def groups(standing: Iterable[Standing], now: datetime) -> list[Group]:
    """Those that need a person, by thing."""
    found: dict[tuple[Literal["machine", "device"], str], list[Standing]] = {}
    for one in standing:
        if alarms.needs_a_person(one.life, now) and one.life.raised_at is not None:
            found.setdefault(("device" if one.noun == "device" else "machine", one.thing), []).append(one)
    return [_group(kind, thing, members) for (kind, thing), members in found.items()]


def _group(kind: Literal["machine", "device"], thing: str, members: list[Standing]) -> Group:
    by_name = {one.alarm: one for one in members}
    raises = [Raise(one.alarm, thing, one.life.raised_at, one.life.priority) for one in members if one.life.raised_at]
    bursts = alarm_health.first_out(raises)[thing]
    ordered = tuple(by_name[one.alarm] for burst in bursts for one in burst)
    newest = next((burst for burst in reversed(bursts) if len(burst) > 1), [])
    return Group(kind, thing, ordered, tuple(by_name[one.alarm] for one in newest))
