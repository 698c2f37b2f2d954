"""Stock per location and item: what the book says and what was seen.

`book` is the sum of movements; `counted` the newest trusted count plus movements since it. Decisions use `counted` while it
is fresh, else `book`, and say which.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, String, Table, select

from central.store.engine import among, upsert
from central.store.metadata import metadata
from central.store.types import Instant

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
    rows = [_row(site, place, position) for place, position in changed.items()]
    if rows:
        statement = upsert(positions)
        fresh = {name: statement.excluded[name] for name in ("book", "counted", "counted_at", "count_id", "as_of")}
        conn.execute(statement.on_conflict_do_update(index_elements=["site", "location", "sku"], set_=fresh), rows)


def _row(site: str, place: Place, position: Position) -> dict[str, str | int | datetime | None]:
    location, sku = place
    return {
        "site": site,
        "location": location,
        "sku": sku,
        "book": position.book,
        "counted": position.counted,
        "counted_at": position.counted_at,
        "count_id": position.count_id,
        "as_of": position.as_of,
    }
