"""Stock truth: movements and counts in, positions out, with what follows from a changed position (one transaction).

A changed position is logged for open pages, announced as `stock/level` (retained for each SKU) and handed back as a fact
that wakes decisions. Every function runs inside the caller's writing transaction.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from central.floor import position
from central.store import announcements, changes, counts, demand, movements, positions
from central.store.announcements import Saying
from central.store.counts import Count
from central.store.facts import Fact
from central.store.movements import Movement
from central.store.positions import Place, Position
from protocols.messages.decision import StockLevel

SOURCE = "/tallyhouse/stock"

Identified = tuple[int, Count]  # the id of a count, and the count


@dataclass(frozen=True)
class Posted:
    """How many movements were new, how many had been posted before, and what changed by the new ones."""

    accepted: int
    duplicates: int
    facts: list[Fact]


def post_movements(conn: Connection, site: str, posted: Sequence[Movement], source: str, now: datetime) -> Posted:
    """Book movements; one whose id is known has no effect. `source` names the token or person that posted them."""
    new = movements.append(conn, site, posted, source, now)
    before = positions.at(conn, site, {(movement.location, movement.sku) for movement in new})
    after = dict(before)
    for movement in new:
        place = (movement.location, movement.sku)
        after[place] = position.moved(after.get(place, Position()), movement.quantity, movement.occurred_at)
    facts = _settle(conn, site, before, after, now)
    demand.add(conn, site, _sold(new))
    return Posted(len(new), len(posted) - len(new), facts)


def _sold(posted: Sequence[Movement]) -> dict[tuple[str, date], float]:
    sold: Counter[tuple[str, date]] = Counter()
    for movement in posted:
        if movement.kind == "sale":
            sold[movement.sku, movement.occurred_at.astimezone(UTC).date()] -= movement.quantity
    return dict(sold)


def record_counts(conn: Connection, site: str, made: Sequence[Count], now: datetime) -> list[Fact]:
    """Keep counts; the newest at each place becomes what was seen there, unless a newer one is on record."""
    newest = _newest(made, counts.append(conn, site, made))
    before = positions.at(conn, site, newest)
    going_by = {
        place: (count_id, count)
        for place, (count_id, count) in newest.items()
        if position.is_newer(before.get(place, Position()), count.counted_at)
    }
    return _settle(conn, site, before, _counted(conn, site, before, going_by), now)


def _newest(made: Sequence[Count], first_id: int) -> dict[Place, Identified]:
    newest: dict[Place, Identified] = {}
    for count_id, count in enumerate(made, start=first_id):
        place = (count.location, count.sku)
        known = newest.get(place)
        if known is None or count.counted_at >= known[1].counted_at:
            newest[place] = (count_id, count)
    return newest


def mark_count_wrong(conn: Connection, count_id: int, person: str, now: datetime) -> list[Fact]:
    """Stop trusting a count: its place falls back to the newest trusted one before it, else to the book.

    A count that was already called wrong, or that nothing rests on any more, changes no position; decisions may still rest
    on it, so the fact is handed back all the same. Raises LookupError when there is no such count.
    """
    wrong = counts.get(conn, count_id)
    if wrong is None:
        raise LookupError(f"there is no count {count_id}")
    counts.mark_wrong(conn, count_id, person, now)
    place = (wrong.location, wrong.sku)
    before = positions.at(conn, wrong.site, [place])
    resting = before.get(place)
    if resting is not None and resting.count_id == count_id:
        _settle(conn, wrong.site, before, {place: _by_newest_trusted(conn, wrong.site, place, resting)}, now)
    return [_fact(wrong.site, place)]


def look_again(conn: Connection, site: str, places: Collection[Place], now: datetime) -> list[Fact]:
    """Counts got other times: each place goes by its newest trusted one again."""
    before = positions.at(conn, site, places)
    after = {place: _by_newest_trusted(conn, site, place, there) for place, there in before.items()}
    return _settle(conn, site, before, {place: there for place, there in after.items() if there != before[place]}, now)


def _by_newest_trusted(conn: Connection, site: str, place: Place, resting: Position) -> Position:
    trusted = counts.newest_trusted(conn, site, *place)
    if trusted is None:
        return position.uncounted(resting)
    since = movements.moved_since(conn, site, *place, trusted.counted_at)
    return position.counted(resting, trusted.id, trusted.units, trusted.counted_at, since)


def _counted(
    conn: Connection,
    site: str,
    before: Mapping[Place, Position],
    going_by: Mapping[Place, Identified],
) -> dict[Place, Position]:
    moved = movements.moved_since_each(conn, site, {place: count.counted_at for place, (_, count) in going_by.items()})
    return {
        place: position.counted(
            before.get(place, Position()),
            count_id,
            count.units,
            count.counted_at,
            moved.get(place, 0),
        )
        for place, (count_id, count) in going_by.items()
    }


def _settle(
    conn: Connection, site: str, before: Mapping[Place, Position], after: Mapping[Place, Position], now: datetime
) -> list[Fact]:
    positions.put(conn, site, after)
    changes.log_all(conn, [(site, "position", f"{location}/{sku}") for location, sku in after], now)
    changed = {
        place: now_there for place, now_there in after.items() if position.differs(before.get(place, Position()), now_there)
    }
    levels = [_level(place, there, now) for place, there in changed.items()]
    if levels:
        announcements.announce_all(conn, site, levels, now)
    return [_fact(site, place) for place in changed]


def _fact(site: str, place: Place) -> Fact:
    location, sku = place
    return Fact("stock_position", site, {"location": location, "sku": sku})


def _level(place: Place, there: Position, now: datetime) -> Saying:
    location, sku = place
    level = StockLevel(location=location, sku=sku, book=there.book, counted=there.counted, as_of=there.as_of or now)
    return Saying("stock", "level", level, SOURCE, subject=f"{location}/{sku}", sku=sku, retain=True)
