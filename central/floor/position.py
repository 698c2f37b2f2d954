"""The arithmetic of a stock position (pure): movements add up to the book, a newer trusted count replaces what was seen.

Law: `book` = Σ movements, and `counted` = units of the newest trusted count + Σ movements that occurred after it, whatever
the order in which counts and movements arrive. Quantities in units.
"""

from dataclasses import replace
from datetime import datetime

from central.store.positions import Position


def moved(position: Position, quantity: int, occurred_at: datetime) -> Position:
    """After a movement: the book always follows; what was seen only by what happened after it was seen."""
    is_after_count = position.counted_at is not None and occurred_at > position.counted_at
    counted = position.counted + quantity if position.counted is not None and is_after_count else position.counted
    return replace(position, book=position.book + quantity, counted=counted, as_of=_later(position.as_of, occurred_at))


def is_newer(position: Position, counted_at: datetime) -> bool:
    """Whether a count made at `counted_at` is the one to go by; of two made at the same moment, the one that came later."""
    return position.counted_at is None or counted_at >= position.counted_at


def counted(position: Position, count_id: int, units: int, counted_at: datetime, moved_since: int) -> Position:
    """After a count that `is_newer`; moved_since: Σ movements that occurred after it."""
    return replace(
        position,
        counted=units + moved_since,
        counted_at=counted_at,
        count_id=count_id,
        as_of=_later(position.as_of, counted_at),
    )


def uncounted(position: Position) -> Position:
    """When no count is trusted any more: the book stands alone."""
    return replace(position, counted=None, counted_at=None, count_id=None)


def differs(before: Position, after: Position) -> bool:
    """Whether the numbers that people and decisions go by changed."""
    return (before.book, before.counted) != (after.book, after.counted)


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None or other > one else one
