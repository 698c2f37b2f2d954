"""What was seen or counted at a location. A count is never changed; one that a person marks wrong is no longer trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Column, Connection, Float, Index, Integer, String, Table, select, update

from central.store.engine import RowInsert, among
from central.store.metadata import metadata
from central.store.types import Instant, instant_text, instant_texts

counts = Table(
    "counts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String, nullable=False),
    Column("location", String, nullable=False),
    Column("sku", String, nullable=False),
    Column("units", Integer, nullable=False),
    Column("units_low", Integer),
    Column("units_high", Integer),
    Column("confidence", Float, nullable=False),
    Column("counted_at", Instant, nullable=False),
    Column("device", String, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("wrong_at", Instant),
    Column("wrong_by", String),
    Index("ix_counts_site_location_sku_counted_at", "site", "location", "sku", "counted_at"),
    Index("ix_counts_device_sequence", "device", "sequence"),
    sqlite_autoincrement=True,
)


class Count(Struct, frozen=True, gc=False):
    """Units of an item seen at a location by the event (device, sequence)."""

    location: str
    sku: str
    units: int
    confidence: float
    counted_at: datetime
    device: str
    sequence: int
    units_low: int | None = None
    units_high: int | None = None


@dataclass(frozen=True)
class Recorded:
    """A count with its id, its site and whether a person called it wrong."""

    id: int
    site: str
    location: str
    sku: str
    units: int
    counted_at: datetime
    wrong_at: datetime | None


_NEXT_ID = "SELECT coalesce(max(id), 0) + 1 FROM counts"
_insert = RowInsert(
    """INSERT INTO counts
(id, site, location, sku, units, units_low, units_high, confidence, counted_at, device, sequence)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
)


def append(conn: Connection, site: str, made: Sequence[Count]) -> int:
    """Insert counts in their order. Returns the id of the first; those of the others follow."""
    # The caller holds the write lock, so the ids are known before: asking for them afterwards costs more than inserting.
    first = int(conn.exec_driver_sql(_NEXT_ID).scalar_one())
    times = instant_texts(count.counted_at for count in made)
    rows = [
        (
            count_id,
            site,
            count.location,
            count.sku,
            count.units,
            count.units_low,
            count.units_high,
            count.confidence,
            counted_at,
            count.device,
            count.sequence,
        )
        for count_id, count, counted_at in zip(range(first, first + len(made)), made, times, strict=True)
    ]
    _insert(conn, rows)
    return first


def redate(conn: Connection, device: str, times: Sequence[tuple[int, datetime]]) -> list[tuple[str, str]]:
    """Give the counts of events (sequence, when it occurred) another time. Returns the places (location, sku) of them."""
    if not times:
        return []
    conn.exec_driver_sql(_REDATE, [(instant_text(at), device, sequence) for sequence, at in times])
    of_these = (counts.c.device == device) & among([counts.c.sequence], [[sequence] for sequence, _ in times])
    rows = conn.execute(select(counts.c.location, counts.c.sku).where(of_these).distinct())
    return [(row[0], row[1]) for row in rows]


_REDATE = "UPDATE counts SET counted_at = ? WHERE device = ? AND sequence = ?"


def get(conn: Connection, count_id: int) -> Recorded | None:
    """The count of that id, if there is one."""
    row = conn.execute(_RECORDED.where(counts.c.id == count_id)).one_or_none()
    return Recorded(*row) if row else None


def newest_trusted(conn: Connection, site: str, location: str, sku: str) -> Recorded | None:
    """The newest count at a place that nobody called wrong."""
    c = counts.c
    trusted = _RECORDED.where(c.site == site, c.location == location, c.sku == sku, c.wrong_at.is_(None))
    row = conn.execute(trusted.order_by(c.counted_at.desc(), c.id.desc()).limit(1)).one_or_none()
    return Recorded(*row) if row else None


def mark_wrong(conn: Connection, count_id: int, person: str, now: datetime) -> bool:
    """Stop trusting a count. False when it already was called wrong."""
    c = counts.c
    marked = update(counts).where(c.id == count_id, c.wrong_at.is_(None)).values(wrong_at=now, wrong_by=person)
    return conn.execute(marked).rowcount == 1


_RECORDED = select(
    counts.c.id, counts.c.site, counts.c.location, counts.c.sku, counts.c.units, counts.c.counted_at, counts.c.wrong_at
)
