"""What the house keeps: how much of each noun, how old, what goes next and when, and how much is protected."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgspec.json import decode
from sqlalchemy import Column, Connection, Select, Table, func, select

from central.store import backups, house
from central.store.announcements import announcements
from central.store.backups import BackupRow
from central.store.changes import changes
from central.store.decisions import decision_causes, decisions
from central.store.events import events
from central.store.evidence import evidence
from central.store.limits import Limits
from central.store.quarantine import quarantine
from central.store.reading_hours import reading_hours
from central.store.readings import readings

SPACE = "space"  # the line of the house in which the background notes the bytes of each table
PROTECTING_STATES = ("proposed", "accepted", "adjusted", "rejected")  # of a decision: open, or reviewed


@dataclass(frozen=True)
class Kept:
    """One noun. bytes: as measured within the last hour, None before; goes_at: when the oldest of it goes."""

    noun: str
    rows: int
    bytes: int | None
    oldest: datetime | None
    limit_days: int
    budget_bytes: int | None = None
    protected: int | None = None

    @property
    def goes_at(self) -> datetime | None:
        """When the oldest is past its time; it may go earlier where a budget is full, and stays where it is protected."""
        return self.oldest + timedelta(days=self.limit_days) if self.oldest else None


@dataclass(frozen=True)
class Keeping:
    """The whole: each noun, the size of the database and what of it is free, and the newest backup."""

    nouns: tuple[Kept, ...]
    database_bytes: int
    free_bytes: int
    backup: BackupRow | None
    backup_failure: BackupRow | None


def keeping(conn: Connection, limits: Limits) -> Keeping:
    """What is kept now."""
    space: dict[str, int] = decode(house.value(conn, SPACE) or "{}")
    page_bytes, pages, free = (int(conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()) for name in _PAGES)
    return Keeping(
        nouns=(
            _kept(conn, space, "events", events, events.c.received_at, limits.events_days),
            _kept(conn, space, "readings", readings, readings.c.started_at, limits.readings_days),
            _kept(conn, space, "reading_hours", reading_hours, reading_hours.c.started_at, limits.reading_hours_days),
            _evidence(conn, limits),
            _kept(conn, space, "quarantine", quarantine, quarantine.c.last_seen_at, limits.quarantine_days),
            _kept(conn, space, "announcements", announcements, announcements.c.created_at, limits.announcements_days),
            _kept(conn, space, "changes", changes, changes.c.at, limits.changes_days),
        ),
        database_bytes=pages * page_bytes,
        free_bytes=free * page_bytes,
        backup=backups.newest(conn),
        backup_failure=backups.last_failure(conn),
    )


def protected_evidence() -> Select[Any]:
    """The names of the evidence behind events that an open or reviewed decision rests on."""
    c = decision_causes.c
    joined = decisions.join(decision_causes, c.decision == decisions.c.id).join(
        events, (events.c.device == c.device) & (events.c.sequence == c.sequence)
    )
    cited = select(events.c.evidence).select_from(joined).where(events.c.evidence.is_not(None))
    return cited.where(decisions.c.state.in_(PROTECTING_STATES))


_PAGES = ("page_size", "page_count", "freelist_count")


def _kept(conn: Connection, space: dict[str, int], noun: str, table: Table, at: Column[datetime], limit_days: int) -> Kept:
    rows, oldest = conn.execute(select(func.count(), func.min(at)).select_from(table)).one()
    return Kept(noun, rows, space.get(table.name), oldest, limit_days)


def _evidence(conn: Connection, limits: Limits) -> Kept:
    c = evidence.c
    rows, size, oldest = conn.execute(select(func.count(), func.sum(c.bytes), func.min(c.received_at))).one()
    protected = conn.execute(select(func.count()).where(c.sha256.in_(protected_evidence()))).scalar_one()
    return Kept("evidence", rows, size or 0, oldest, limits.evidence_days, limits.evidence_mb * 1_000_000, protected)
