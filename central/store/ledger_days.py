"""The daily record of completeness: what each device's cursor passed on each day, judged once the day was over (UTC)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Column, Connection, Date, Index, Integer, String, Table, func, select, update

from central.store.devices import devices
from central.store.engine import upsert
from central.store.metadata import metadata
from central.store.types import Instant

Verdict = Literal["complete", "declared_loss", "incomplete"]

ledger_days = Table(
    "ledger_days",
    metadata,
    Column("device", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("opening", Integer, nullable=False),
    Column("closing", Integer, nullable=False),
    Column("stored", Integer, nullable=False),
    Column("declared_lost", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("missing", Integer, nullable=False),
    Column("unaccounted", Integer, nullable=False),
    Column("verdict", String, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("completed_at", Instant),
    Index("ix_ledger_days_day", "day"),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, kw_only=True)
class LedgerDay:
    """One device's day, in events: the cursor went from `opening` to `closing` = opening + stored + lost + quarantined.

    missing: numbered by the device on that day or before and not here when it was judged; completed_at: when they were.
    unaccounted: rows that the ledger counted and the database does not hold (negative: rows that it never counted).
    """

    device: str
    day: date
    opening: int
    closing: int
    stored: int
    declared_lost: int
    quarantined: int
    duplicates: int
    missing: int
    unaccounted: int
    verdict: Verdict
    recorded_at: datetime
    completed_at: datetime | None = None


def add(conn: Connection, days: Iterable[LedgerDay]) -> None:
    """Write each once: a day that is on record stays as it is."""
    rows = [asdict(day) for day in days]
    if rows:
        conn.execute(upsert(ledger_days).on_conflict_do_nothing(), rows)


def between(conn: Connection, site: str, since: date, until: date, device: str | None = None) -> list[LedgerDay]:
    """The days of a site's devices, or of one, newest first."""
    c = ledger_days.c
    query = select(ledger_days).join(devices, devices.c.device == c.device).where(devices.c.site == site)
    query = query.where(c.day >= since, c.day <= until)
    if device is not None:
        query = query.where(c.device == device)
    return [LedgerDay(**row) for row in conn.execute(query.order_by(c.day.desc(), c.device)).mappings()]


def newest(conn: Connection) -> dict[str, LedgerDay]:
    """The last day on record of each device."""
    c = ledger_days.c
    last = select(c.device, func.max(c.day).label("day")).group_by(c.device).subquery()
    query = select(ledger_days).join(last, (last.c.device == c.device) & (last.c.day == c.day))
    return {row["device"]: LedgerDay(**row) for row in conn.execute(query).mappings()}


def duplicates_of(conn: Connection, device: str) -> int:
    """How many duplicates of a device the days on record tell of."""
    c = ledger_days.c
    return int(conn.execute(select(func.coalesce(func.sum(c.duplicates), 0)).where(c.device == device)).scalar_one())


def complete(conn: Connection, device: str, cursor: int, now: datetime) -> int:
    """Note that what was missing has come, now that the cursor is at `cursor`; how many days that settles."""
    c = ledger_days.c
    open_days = (c.device == device) & (c.verdict == "incomplete") & c.completed_at.is_(None) & (c.unaccounted == 0)
    come = open_days & (c.closing + c.missing <= cursor)
    return conn.execute(update(ledger_days).where(come).values(completed_at=now)).rowcount


def has_open(conn: Connection) -> bool:
    """Whether any day still waits for what was missing."""
    c = ledger_days.c
    waiting = (c.verdict == "incomplete") & c.completed_at.is_(None) & (c.unaccounted == 0)
    return conn.execute(select(c.device).where(waiting).limit(1)).first() is not None
