"""What people fixed in the proposals about a subject: some fields, for a reason, until a moment."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Index, Integer, String, Table, insert, select, update

from central.store.metadata import metadata
from central.store.types import Instant, Json

locks = Table(
    "locks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String, nullable=False),
    Column("capability", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("values", Json, nullable=False),  # field of the proposal → what it must be
    Column("reason", String, nullable=False),  # a code of `deciding.review.REASONS`
    Column("note", String),
    Column("person", String, nullable=False),
    Column("fixed_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("lifted_at", Instant),
    Column("lifted_by", String),
    Index("ix_locks_site_capability_subject", "site", "capability", "subject"),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, kw_only=True)
class Lock:
    """What one person fixed about one subject."""

    site: str
    capability: str
    subject: str
    values: dict[str, Any]
    reason: str
    person: str
    fixed_at: datetime
    expires_at: datetime
    note: str | None = None
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    id: int = 0


def add(conn: Connection, lock: Lock) -> Lock:
    """Insert a lock and return it with its number."""
    row = asdict(lock)
    del row["id"]
    return Lock(**conn.execute(insert(locks).values(row).returning(locks)).mappings().one())


def get(conn: Connection, lock_id: int) -> Lock | None:
    """The lock, or None."""
    return next(iter(_many(conn, locks.c.id == lock_id)), None)


def holding(conn: Connection, site: str, capability: str, subject: str, now: datetime) -> list[Lock]:
    """The locks on a subject that hold at `now`, oldest first: the last one to name a field wins."""
    about = (locks.c.site == site, locks.c.capability == capability, locks.c.subject == subject)
    return _many(conn, *about, *_holds(now))


def all_holding(conn: Connection, site: str, now: datetime) -> list[Lock]:
    """Every lock of a site that holds at `now`, oldest first."""
    return _many(conn, locks.c.site == site, *_holds(now))


def ended(conn: Connection, since: datetime, until: datetime) -> list[Lock]:
    """Locks that nobody lifted and that ran out after `since`, at `until` at the latest."""
    return _many(conn, locks.c.lifted_at.is_(None), locks.c.expires_at > since, locks.c.expires_at <= until)


def lift(conn: Connection, lock_id: int, person: str, now: datetime) -> None:
    """It holds no longer."""
    conn.execute(update(locks).where(locks.c.id == lock_id).values(lifted_at=now, lifted_by=person))


def _holds(now: datetime) -> Sequence[ColumnElement[bool]]:
    return (locks.c.lifted_at.is_(None), locks.c.expires_at > now)


def _many(conn: Connection, *wanted: ColumnElement[bool]) -> list[Lock]:
    return [Lock(**row) for row in conn.execute(select(locks).where(*wanted).order_by(locks.c.id)).mappings()]
