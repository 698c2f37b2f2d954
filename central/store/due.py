"""What must be decided again: one row a capability and subject, however often it was woken."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, Integer, String, Table, and_, case, delete, func, select, update

from central.store.engine import positional, upsert
from central.store.metadata import metadata
from central.store.types import Instant, instant_text

due = Table(
    "due",
    metadata,
    Column("site", String, primary_key=True),
    Column("capability", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("wakes", Integer, nullable=False, default=1),  # raised by each wake: a run clears only what it has seen
)


@dataclass(frozen=True)
class Due:
    """One subject of one capability that must be decided again; `wakes` as it was when this was read."""

    site: str
    capability: str
    subject: str
    since: datetime
    wakes: int


@dataclass(frozen=True)
class Call:
    """One subject of one capability that something woke, and the moment from which it may be decided."""

    site: str
    capability: str
    subject: str
    not_before: datetime


def wake(conn: Connection, site: str, capability: str, subject: str, now: datetime, *, not_before: datetime) -> None:
    """Mark a subject due at `not_before`, or earlier when it already was."""
    wake_all(conn, [Call(site, capability, subject, not_before)], now)


def wake_all(conn: Connection, calls: Collection[Call], now: datetime) -> None:
    """`wake` many at once."""
    if not calls:
        return
    since = instant_text(now)
    rows = [(call.site, call.capability, call.subject, since, instant_text(call.not_before), 1) for call in calls]
    conn.exec_driver_sql(_WAKE, rows)


def _wake() -> str:
    row = upsert(due)
    earlier = case((due.c.not_before < row.excluded.not_before, due.c.not_before), else_=row.excluded.not_before)
    again = {"wakes": due.c.wakes + row.excluded.wakes, "not_before": earlier}
    return positional(row.on_conflict_do_update(index_elements=["site", "capability", "subject"], set_=again))


_WAKE = _wake()


def ready(
    conn: Connection, now: datetime, limit: int, *, only: Collection[str] | None = None, besides: Collection[str] = ()
) -> list[Due]:
    """What may be decided now, longest waiting first; of the capabilities `only` where given, and of none of `besides`."""
    wanted = [due.c.not_before <= now, due.c.capability.not_in(besides)]
    wanted += [] if only is None else [due.c.capability.in_(only)]
    rows = conn.execute(
        select(due.c.site, due.c.capability, due.c.subject, due.c.since, due.c.wakes)
        .where(*wanted)
        .order_by(due.c.since)
        .limit(limit)
    )
    return [Due(*row) for row in rows]


def clear(conn: Connection, done: Due) -> bool:
    """Take `done` off the list. False when it was woken meanwhile: then it stays due."""
    same = and_(_is(done.site, done.capability, done.subject), due.c.wakes == done.wakes)
    return conn.execute(delete(due).where(same)).rowcount == 1


def postpone(conn: Connection, failed: Due, until: datetime) -> None:
    """Keep `failed` due, but not before `until`."""
    same = _is(failed.site, failed.capability, failed.subject)
    conn.execute(update(due).where(same).values(not_before=until))


def backlog(conn: Connection, now: datetime) -> int:
    """How many subjects wait that may be decided now."""
    return conn.execute(select(func.count()).select_from(due).where(due.c.not_before <= now)).scalar_one()


def _is(site: str, capability: str, subject: str) -> ColumnElement[bool]:
    return and_(due.c.site == site, due.c.capability == capability, due.c.subject == subject)
