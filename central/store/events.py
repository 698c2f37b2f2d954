"""Everything that devices concluded, as it came, append-only. Key: (device, sequence)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.json import encode
from sqlalchemy import Column, Connection, Index, Integer, String, Table, Text, func, literal, select, tuple_

from central.store.engine import RowInsert, positional, upsert
from central.store.metadata import metadata
from central.store.types import Instant, instant_text

events = Table(
    "events",
    metadata,
    Column("device", String, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("id", String, nullable=False),
    Column("site", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("boot", String, nullable=False),
    Column("monotonic_ms", Integer, nullable=False),
    Column("clock", String, nullable=False),
    Column("model", String),
    Column("evidence", String),
    Column("data", Text, nullable=False),  # JSON as it came
    Column("said_at", Instant),  # what the device took for the time, where that is not when it occurred
    Index("ix_events_kind_occurred_at", "kind", "occurred_at"),
    sqlite_with_rowid=False,
)


# As the columns, times as text.
Row = tuple[str, int, str, str, str, str, str, str, int, str, str | None, str | None, str, str | None]
LOST = "lost/1"

_insert = RowInsert(positional(upsert(events).on_conflict_do_nothing()))
_REDATE = "UPDATE events SET occurred_at = ?, said_at = ? WHERE device = ? AND sequence = ?"
_KNOWN = "SELECT sequence, id, kind FROM events WHERE device = ? AND sequence BETWEEN ? AND ?"
_KNOWN_AT = "SELECT sequence, id, kind FROM events WHERE device = ? AND sequence IN (SELECT value FROM json_each(?))"


def append(conn: Connection, rows: Sequence[Row]) -> None:
    """Insert events; one whose (device, sequence) is stored has no effect."""
    _insert(conn, rows)


def known(conn: Connection, device: str, first: int, last: int) -> dict[int, str]:
    """The stored events of a device between two sequences: sequence → id, an empty one for a declared loss."""
    return _ids(conn.exec_driver_sql(_KNOWN, (device, first, last)))


def known_at(conn: Connection, device: str, sequences: Sequence[int]) -> dict[int, str]:
    """The same of single sequences."""
    return _ids(conn.exec_driver_sql(_KNOWN_AT, (device, encode(sequences).decode())))


def _ids(rows: Iterable[Sequence[Any]]) -> dict[int, str]:
    return {sequence: "" if kind == LOST else event_id for sequence, event_id, kind in rows}


def id_of(conn: Connection, device: str, sequence: int) -> str | None:
    """The id of one event, if it is stored."""
    c = events.c
    return conn.execute(select(c.id).where((c.device == device) & (c.sequence == sequence))).scalar_one_or_none()


class Undated(Struct, frozen=True):
    """A stored event that the device's clock did not date, or dated wrongly; `data` is JSON text."""

    sequence: int
    site: str
    kind: str
    clock: str
    occurred_at: datetime
    received_at: datetime
    said_at: datetime | None
    monotonic_ms: int
    data: str

    @property
    def said(self) -> datetime:
        """When it occurred in the device's opinion."""
        return self.said_at or self.occurred_at


def undated(conn: Connection, device: str, boot: str, first: int) -> list[Undated]:
    """Those of a boot, whose events begin with the sequence `first`."""
    c = events.c
    of_boot = (c.device == device) & (c.sequence >= first) & (c.boot == boot)
    wanted = of_boot & (c.clock.in_(("bad", "estimated")) | c.said_at.is_not(None))
    rows = conn.execute(select(*(c[name] for name in Undated.__struct_fields__)).where(wanted).order_by(c.sequence))
    return [Undated(*row) for row in rows]


def longest_ms(conn: Connection, device: str, boot: str, first: int) -> int:
    """The greatest monotonic time of a boot's events; 0 without any."""
    c = events.c
    of_boot = (c.device == device) & (c.sequence >= first) & (c.boot == boot)
    return int(conn.execute(select(func.coalesce(func.max(c.monotonic_ms), 0)).where(of_boot)).scalar_one())


def redate(conn: Connection, device: str, times: Sequence[tuple[int, datetime, datetime | None]]) -> None:
    """Give stored events another time: sequence, when it occurred, and what the device said if that is something else."""
    rows = [(instant_text(at), said_at and instant_text(said_at), device, sequence) for sequence, at, said_at in times]
    if rows:
        conn.exec_driver_sql(_REDATE, rows)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An event as it is kept; `data` is JSON text."""

    id: str
    device: str
    sequence: int
    kind: str
    occurred_at: datetime
    received_at: datetime
    clock: str
    said_at: datetime | None
    model: str | None
    evidence: str | None
    data: str


def page(
    conn: Connection,
    site: str,
    *,
    kind: str | None = None,
    device: str | None = None,
    since: datetime | None = None,
    before: tuple[datetime, str, int] | None = None,
    limit: int = 100,
) -> list[Stored]:
    """Events of a site, newest first by the time they occurred, after the one that `before` names."""
    c = events.c
    wanted = [c.site == site]
    wanted += [c.device == device] if device else []
    wanted += [c.occurred_at >= since] if since else []
    if before is not None:
        moment, *key = before
        wanted.append(tuple_(c.occurred_at, c.device, c.sequence) < tuple_(literal(moment, Instant), *map(literal, key)))
    rows = select(*(c[name] for name in Stored.__dataclass_fields__)).where(*wanted).limit(limit)
    newest = rows.order_by(c.occurred_at.desc(), c.device.desc(), c.sequence.desc())
    # The index is by kind, then time: one short look for each kind, instead of a walk through everything.
    found = [Stored(**row) for one in _kinds(conn, kind) for row in conn.execute(newest.where(c.kind == one)).mappings()]
    return sorted(found, key=lambda event: (event.occurred_at, event.device, event.sequence), reverse=True)[:limit]


def _kinds(conn: Connection, kind: str | None) -> Iterator[str]:
    if kind is not None:
        yield kind
        return
    found: str | None = ""
    while found := conn.execute(select(func.min(events.c.kind)).where(events.c.kind > found)).scalar():
        yield found
