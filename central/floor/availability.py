"""From counts to availability: in which share of a day's open hours an item could be bought, as far as cameras saw.

A count holds until the next one at its place, at most for HOLDS. An item is missing while every place at which it
was counted that day stands empty. Open hours are those between the day's first and last sale of the site, or all day
where none is booked.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, func, select

from central.store import availability
from central.store.availability import Available
from central.store.counts import counts
from central.store.movements import movements

HOLDS = timedelta(hours=2)
LOOKS_BACK_D = 7
HOUR_S = 3600.0
Seen = tuple[str, datetime, int]  # place, when, units


def share_of(seen: Sequence[Seen], opened: datetime, closed: datetime) -> tuple[float, float]:
    """Share of the hours looked at in which there was something to buy, and those hours. seen: in the order of time."""
    places = sorted({place for place, _, _ in seen})
    edges = sorted({opened, closed, *(edge for _, at, _ in seen for edge in (at, at + HOLDS) if opened < edge < closed)})
    looked_s = empty_s = 0.0
    for start, end in pairwise(edges):
        states = [_units(seen, place, start) for place in places]
        known = [units for units in states if units is not None]
        looked_s += (end - start).total_seconds() if known else 0.0
        is_empty = len(known) == len(places) and all(units <= 0 for units in known)
        empty_s += (end - start).total_seconds() if known and is_empty else 0.0
    return (1 - empty_s / looked_s if looked_s else 1.0), looked_s / HOUR_S


def _units(seen: Sequence[Seen], place: str, moment: datetime) -> int | None:
    held = (units for where, at, units in reversed(seen) if where == place and at <= moment < at + HOLDS)
    return next(held, None)


def unaccounted(conn: Connection, site: str, today: date) -> list[tuple[str, date]]:
    """Items and complete days of the last week that were counted on and have no availability yet."""
    found = []
    for back in range(1, LOOKS_BACK_D + 1):
        day = today - timedelta(days=back)
        start, end = _bounds(day)
        c = counts.c
        seen = select(c.sku).where(c.site == site, c.counted_at >= start, c.counted_at < end).distinct()
        known = {one.sku for one in availability.of_day(conn, site, day)}
        found += [(sku, day) for sku in conn.execute(seen.order_by(c.sku)).scalars() if sku not in known]
    return found


def measured(conn: Connection, site: str, sku: str, day: date) -> Available | None:
    """What cameras saw of an item on a day; None where its shelf was not looked at in open hours."""
    opened, closed = _open_hours(conn, site, day)
    c = counts.c
    mine = (c.site == site, c.sku == sku, c.wrong_at.is_(None), c.counted_at >= opened - HOLDS, c.counted_at < closed)
    rows = conn.execute(select(c.location, c.counted_at, c.units).where(*mine).order_by(c.counted_at, c.id))
    seen = _changes([(place, at, units) for place, at, units in rows])
    share, hours = share_of(seen, opened, closed)
    return Available(sku, day, round(share, 4), round(hours, 2)) if hours else None


def _changes(seen: list[Seen]) -> list[Seen]:
    """Without counts that say what the last one at the place said, unless that is half as old as a count holds."""
    kept: list[Seen] = []
    last: dict[str, Seen] = {}
    for one in seen:
        before = last.get(one[0])
        if before is None or (before[2] <= 0) != (one[2] <= 0) or one[1] - before[1] >= HOLDS / 2:
            kept.append(one)
            last[one[0]] = one
    return kept


def _open_hours(conn: Connection, site: str, day: date) -> tuple[datetime, datetime]:
    start, end = _bounds(day)
    c = movements.c
    mine = (c.site == site, c.kind == "sale", c.occurred_at >= start, c.occurred_at < end)
    first, last = conn.execute(select(func.min(c.occurred_at), func.max(c.occurred_at)).where(*mine)).one()
    return (first, last) if first is not None and first < last else (start, end)


def _bounds(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, datetime.min.time(), UTC)
    return start, start + timedelta(days=1)
