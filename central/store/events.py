"""Everything that devices concluded, as it came, append-only. Key: (device, sequence)."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

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
