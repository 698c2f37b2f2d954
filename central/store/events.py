"""Everything that devices concluded, as it came, append-only. Key: (device, sequence)."""

from collections.abc import Sequence

from sqlalchemy import Column, Connection, Index, Integer, String, Table, Text

from central.store.engine import positional, upsert
from central.store.metadata import metadata
from central.store.types import Instant

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
    Index("ix_events_kind_occurred_at", "kind", "occurred_at"),
    sqlite_with_rowid=False,
)


Row = tuple[str, int, str, str, str, str, str, str, int, str, str | None, str | None, str]  # as the columns, times as text
LOST = "lost/1"

_INSERT = positional(upsert(events).on_conflict_do_nothing())
_KNOWN = "SELECT sequence, id, kind FROM events WHERE device = ? AND sequence BETWEEN ? AND ?"


def append(conn: Connection, rows: Sequence[Row]) -> None:
    """Insert events; one whose (device, sequence) is stored has no effect."""
    if rows:
        conn.exec_driver_sql(_INSERT, list(rows))


def known(conn: Connection, device: str, first: int, last: int) -> dict[int, str]:
    """The stored events of a device between two sequences: sequence → id, an empty one for a declared loss."""
    rows = conn.exec_driver_sql(_KNOWN, (device, first, last))
    return {sequence: "" if kind == LOST else event_id for sequence, event_id, kind in rows}
