"""How much each thing that needs a person matters: priority 1 (act within minutes) to 4 (when convenient), then age.

Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Priority = Literal[1, 2, 3, 4]
Kind = Literal["machine", "device", "difference", "proposal", "source", "set_aside"]

DUE_SOON = timedelta(hours=1)
GRAVE_SHARE = 0.25  # of a shelf's capacity: a difference that large hides an empty shelf or a theft


@dataclass(frozen=True)
class Item:
    """Something that needs a person: what kind, about which thing, since when; `values` is what the page says about it."""

    kind: Kind
    key: str
    priority: Priority
    since: datetime
    values: Mapping[str, object]
    is_settled: bool = False
    is_acknowledged: bool = False

    @property
    def target(self) -> str:
        """The id of its row on the page."""
        return f"{self.kind}-{self.key}"


def ranked(items: Iterable[Item]) -> list[Item]:
    """The gravest first, of equals what nobody has acknowledged, then what has waited longest.

    What was just settled keeps its place.
    """
    return sorted(items, key=lambda item: (item.priority, item.is_acknowledged, item.since, item.key))


def of_condition(condition: str) -> Priority:
    """A machine in alarm may break now; a warning is for this hour; a sensor at fault blinds us, this shift."""
    ranks: Mapping[str, Priority] = {"alarm": 1, "warning": 2}
    return ranks.get(condition, 3)


def of_difference(difference: int, counted: int, capacity: int) -> Priority:
    """An empty shelf that the book calls full, or a difference of a quarter shelf, within the hour; else this shift."""
    return 2 if counted == 0 or abs(difference) >= GRAVE_SHARE * capacity else 3


def of_proposal(approve_by: datetime | None, now: datetime) -> Priority:
    """A proposal whose time is nearly up, within the hour; else this shift."""
    return 2 if approve_by is not None and approve_by - now <= DUE_SOON else 3
