"""What the house keeps: how much of each noun, how old, what goes next and when, and how much is protected.

Counting reads every row, so the background does it once an hour and notes it; a page shows what was noted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Select, func, select

from central.store import backups, house
from central.store.announcements import announcements
from central.store.backups import BackupRow
from central.store.changes import changes
from central.store.commands import commands
from central.store.decisions import decision_causes, decisions
from central.store.events import events
from central.store.evidence import evidence
from central.store.identities import certificates, claims
from central.store.limits import Limits
from central.store.quarantine import quarantine
from central.store.reading_hours import reading_hours
from central.store.readings import readings

MEASURED = "counted"  # the line of the house in which the background notes what it measured
PROTECTING_STATES = ("proposed", "accepted", "adjusted", "rejected")  # of a decision: open, or reviewed
_AGED_BY: dict[str, Column[datetime]] = {
    "events": events.c.received_at,
    "readings": readings.c.started_at,
    "reading_hours": reading_hours.c.started_at,
    "evidence": evidence.c.received_at,
    "quarantine": quarantine.c.last_seen_at,
    "announcements": announcements.c.created_at,
    "changes": changes.c.at,
    "commands": commands.c.updated_at,
    "claims": claims.c.expires_at,
    "certificates": certificates.c.ends_at,
}
_GOES_WITH = {"commands": "command_replies"}


class Measured(msgspec.Struct, frozen=True):
    """One noun as it was counted; bytes with its indices."""

    noun: str
    rows: int
    bytes: int
    oldest: datetime | None
    protected: int | None = None


class Counted(msgspec.Struct, frozen=True):
    """Every noun as it stood at one moment."""

    at: datetime
    nouns: list[Measured]


@dataclass(frozen=True)
class Kept:
    """One noun and its limits."""

    measured: Measured
    limit_days: int
    budget_bytes: int | None

    @property
    def goes_at(self) -> datetime | None:
        """When the oldest is past its time; it may go earlier where a budget is full, and stays where it is protected."""
        oldest = self.measured.oldest
        return oldest + timedelta(days=self.limit_days) if oldest else None


@dataclass(frozen=True)
class Keeping:
    """Each noun as it stood at `counted_at`, the size of the database and what of it is free, and the newest backup."""

    counted_at: datetime | None
    nouns: tuple[Kept, ...]
    database_bytes: int
    free_bytes: int
    backup: BackupRow | None
    backup_failure: BackupRow | None


def keeping(conn: Connection, limits: Limits) -> Keeping:
    """What is kept, without counting it again."""
    page_bytes, pages, free = (int(conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()) for name in _PAGES)
    counted = _noted(conn)
    return Keeping(
        counted_at=counted.at if counted else None,
        nouns=tuple(_kept(one, limits) for one in counted.nouns) if counted else (),
        database_bytes=pages * page_bytes,
        free_bytes=free * page_bytes,
        backup=backups.newest(conn),
        backup_failure=backups.last_failure(conn),
    )


def measured(conn: Connection) -> list[Measured]:
    """Count every noun that has a limit: reads all of it."""
    sizes = {str(name): int(size) for name, size in conn.exec_driver_sql(_SIZES)}
    return [_measured(conn, noun, at, sizes) for noun, at in _AGED_BY.items()]


def note(conn: Connection, found: list[Measured], now: datetime) -> None:
    """Keep what was measured for the pages that show it."""
    house.put(conn, MEASURED, msgspec.json.encode(Counted(now, found)).decode())


def protected_evidence() -> Select[Any]:
    """The names of the evidence behind events that an open or reviewed decision rests on."""
    c = decision_causes.c
    joined = decisions.join(decision_causes, c.decision == decisions.c.id).join(
        events, (events.c.device == c.device) & (events.c.sequence == c.sequence)
    )
    cited = select(events.c.evidence).select_from(joined).where(events.c.evidence.is_not(None))
    return cited.where(decisions.c.state.in_(PROTECTING_STATES))


_PAGES = ("page_size", "page_count", "freelist_count")
_SIZES = """SELECT m.tbl_name, sum(s.pgsize) FROM dbstat AS s JOIN sqlite_master AS m ON m.name = s.name
WHERE s.aggregate = TRUE GROUP BY m.tbl_name"""


def _noted(conn: Connection) -> Counted | None:
    text = house.value(conn, MEASURED)
    return None if text is None else msgspec.json.decode(text, type=Counted)


def _measured(conn: Connection, noun: str, at: Column[datetime], sizes: dict[str, int]) -> Measured:
    rows, oldest = conn.execute(select(func.count(), func.min(at))).one()
    protected = None
    if noun == "evidence":
        query = select(func.count()).where(evidence.c.sha256.in_(protected_evidence()))
        protected = int(conn.execute(query).scalar_one())
    bytes_ = sizes.get(noun, 0) + sizes.get(_GOES_WITH.get(noun, ""), 0)
    return Measured(noun, rows, bytes_, oldest, protected)


def _kept(one: Measured, limits: Limits) -> Kept:
    budget = limits.evidence_mb * 1_000_000 if one.noun == "evidence" else None
    return Kept(one, int(getattr(limits, f"{one.noun}_days")), budget)
