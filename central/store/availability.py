"""How much of each day an item could be bought: the share of open hours in which its shelf was not empty.

A sale that an empty shelf prevented is no lack of demand: forecasts read this beside sales. Cameras fill it; where nobody
looked there is no row, which means unknown and not full.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Column, Connection, Date, Float, String, Table, select

from central.store.engine import put_rows
from central.store.metadata import metadata

availability = Table(
    "availability",
    metadata,
    Column("site", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("share", Float, nullable=False),
    Column("hours_seen", Float, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True)
class Available:
    """One item on one day (UTC). share: 0 (empty all day) to 1; hours_seen: the open hours that were looked at."""

    sku: str
    day: date
    share: float
    hours_seen: float


def put(conn: Connection, site: str, seen: Iterable[Available]) -> None:
    """Insert or overwrite, by item and day."""
    put_rows(conn, availability, [asdict(each) | {"site": site} for each in seen])


def shares(conn: Connection, site: str, sku: str, since: date, before: date) -> dict[date, float]:
    """The share of each day from `since` until before `before` on which somebody looked."""
    c = availability.c
    days = select(c.day, c.share).where(c.site == site, c.sku == sku, c.day >= since, c.day < before)
    return dict(conn.execute(days).all())


def of_day(conn: Connection, site: str, day: date) -> list[Available]:
    """Every item that was looked at on a day."""
    c = availability.c
    query = select(c.sku, c.day, c.share, c.hours_seen).where(c.site == site, c.day == day).order_by(c.sku)
    return [Available(*row) for row in conn.execute(query)]
