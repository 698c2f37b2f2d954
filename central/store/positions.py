"""Stock per location and item: what the book says and what was seen.

`book` is the sum of movements; `counted` the newest trusted count plus movements since it. Decisions use `counted` while it
is fresh, else `book`, and say which.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, String, Table, select

from central.store.engine import among, positional, upsert
from central.store.metadata import metadata
from central.store.types import Instant, instant_text

positions = Table(
    "positions",
    metadata,
    Column("site", String, primary_key=True),
    Column("location", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("book", Integer, nullable=False, default=0),
    Column("counted", Integer),
    Column("counted_at", Instant),
    Column("count_id", Integer),  # the count that `counted` rests on
    Column("as_of", Instant, nullable=False),
)

Place = tuple[str, str]  # location, sku


@dataclass(frozen=True)
class Position:
    """Units of one item at one location. `counted` rests on the count `count_id`, made at `counted_at`."""

    book: int = 0
    counted: int | None = None
    counted_at: datetime | None = None
    count_id: int | None = None
    as_of: datetime | None = None


def at(conn: Connection, site: str, places: Collection[Place]) -> dict[Place, Position]:
    """The positions that are on record among `places`."""
    if not places:
        return {}
    c = positions.c
    here = (c.site == site) & among((c.location, c.sku), places)
    rows = select(c.location, c.sku, c.book, c.counted, c.counted_at, c.count_id, c.as_of).where(here)
    return {(row[0], row[1]): Position(*row[2:]) for row in conn.execute(rows)}


def of_site(conn: Connection, site: str) -> dict[Place, Position]:
    """Every position of a site."""
    c = positions.c
    rows = select(c.location, c.sku, c.book, c.counted, c.counted_at, c.count_id, c.as_of).where(c.site == site)
    return {(row[0], row[1]): Position(*row[2:]) for row in conn.execute(rows.order_by(c.location, c.sku))}


def put(conn: Connection, site: str, changed: Mapping[Place, Position]) -> None:
    """Insert or overwrite."""
    rows = [
        (
            site,
            location,
            sku,
            position.book,
            position.counted,
            _text(position.counted_at),
            position.count_id,
            _text(position.as_of),
        )
        for (location, sku), position in changed.items()
    ]
    if rows:
        conn.exec_driver_sql(_PUT, rows)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else instant_text(moment)


def _put() -> str:
    row = upsert(positions)
    fresh = {name: row.excluded[name] for name in ("book", "counted", "counted_at", "count_id", "as_of")}
    return positional(row.on_conflict_do_update(index_elements=["site", "location", "sku"], set_=fresh))


_PUT = _put()
