"""Alarms: the newest state of each, and the journal of all that happened to them (append-only)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, Column, Connection, Index, Integer, RowMapping, String, Table, func, insert, select

from central.store.engine import upsert
from central.store.metadata import metadata
from central.store.types import Instant

alarms = Table(
    "alarms",
    metadata,
    Column("site", String, primary_key=True),
    Column("alarm", String, primary_key=True),  # "{noun}/{thing}/{rule}"
    Column("noun", String, nullable=False),  # machine | sensor | device
    Column("thing", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("is_acknowledged", Boolean, nullable=False),
    Column("is_latching", Boolean, nullable=False),
    Column("needs_reset", Boolean, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("since", Instant),
    Column("raised_at", Instant),
    Column("times", Integer, nullable=False),
    Column("acknowledged_by", String),
    Column("acknowledged_at", Instant),
    Column("shelved_until", Instant),
    Column("shelved_by", String),
    Column("reason", String),
    Column("suppressed_by", String),
    Column("out_of_service_by", String),
    Column("device", String),  # the event behind the newest change of the condition
    Column("sequence", Integer),
    Index("ix_alarms_thing", "site", "noun", "thing"),
)

alarm_journal = Table(
    "alarm_journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String, nullable=False),
    Column("alarm", String, nullable=False),
    Column("thing", String, nullable=False),
    Column("what", String, nullable=False),
    Column("state", String, nullable=False),  # after it
    Column("priority", Integer, nullable=False),
    Column("at", Instant, nullable=False),  # when it became true
    Column("who", String),
    Column("reason", String),
    Index("ix_alarm_journal_at", "site", "what", "at"),
    Index("ix_alarm_journal_alarm", "site", "alarm", "at"),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the journal: what happened to an alarm, and its state after that."""

    site: str
    alarm: str
    thing: str
    what: str
    state: str
    priority: int
    at: datetime
    who: str | None = None
    reason: str | None = None


def of(conn: Connection, site: str, names: Collection[str]) -> dict[str, RowMapping]:
    """The rows of these alarms that there are."""
    rows = conn.execute(select(alarms).where(alarms.c.site == site, alarms.c.alarm.in_(names))).mappings()
    return {row["alarm"]: row for row in rows}


def all_of(conn: Connection, site: str, thing: str | None = None) -> list[RowMapping]:
    """Every alarm a site ever had, or those of one thing."""
    wanted = [alarms.c.site == site, *([alarms.c.thing == thing] if thing is not None else [])]
    return list(conn.execute(select(alarms).where(*wanted).order_by(alarms.c.alarm)).mappings())


def open_of(conn: Connection, site: str) -> list[RowMapping]:
    """The alarms of a site that are not plainly over: they hold, wait for a person, or are put away."""
    c = alarms.c
    waits = c.is_active | ~c.is_acknowledged | c.needs_reset
    is_away = c.shelved_until.is_not(None) | c.suppressed_by.is_not(None) | c.out_of_service_by.is_not(None)
    return list(conn.execute(select(alarms).where(c.site == site, waits | is_away).order_by(c.alarm)).mappings())


def shelved_before(conn: Connection, now: datetime) -> list[RowMapping]:
    """The alarms whose shelving is over and not yet noted."""
    return list(conn.execute(select(alarms).where(alarms.c.shelved_until <= now)).mappings())


def put(conn: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Insert or overwrite whole rows."""
    if rows:
        row = upsert(alarms)
        fresh = {c.name: row.excluded[c.name] for c in alarms.c if c.name not in ("site", "alarm")}
        conn.execute(row.on_conflict_do_update(index_elements=["site", "alarm"], set_=fresh), list(rows))


def note(conn: Connection, entries: Sequence[Entry]) -> None:
    """Add lines to the journal."""
    if entries:
        conn.execute(insert(alarm_journal), [vars(entry) for entry in entries])


def last_lines(conn: Connection, site: str, names: Collection[str], most: int) -> list[Entry]:
    """The newest lines of the journals of these alarms, newest first."""
    c = alarm_journal.c
    columns = [c[name] for name in Entry.__dataclass_fields__]
    wanted = select(*columns).where(c.site == site, c.alarm.in_(names)).order_by(c.at.desc(), c.id.desc()).limit(most)
    return [Entry(**row) for row in conn.execute(wanted).mappings()]


def count_shelved(conn: Connection, site: str, now: datetime) -> int:
    """How many alarms are put away at the moment."""
    wanted = select(func.count()).select_from(alarms).where(alarms.c.site == site, alarms.c.shelved_until > now)
    return int(conn.execute(wanted).scalar_one())


def journal(
    conn: Connection, site: str, *, alarm: str | None = None, what: str | None = None, since: datetime | None = None
) -> list[Entry]:
    """Lines of the journal by the time they became true, oldest first."""
    c = alarm_journal.c
    wanted = [c.site == site]
    wanted += [c.alarm == alarm] if alarm else []
    wanted += [c.what == what] if what else []
    wanted += [c.at >= since] if since else []
    columns = [c[name] for name in Entry.__dataclass_fields__]
    return [Entry(**row) for row in conn.execute(select(*columns).where(*wanted).order_by(c.at, c.id)).mappings()]
