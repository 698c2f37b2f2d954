"""What must be said to integrators: rows first, spoken after commit, numbered without a hole per site."""

from sqlalchemy import Boolean, Column, Integer, String, Table, Text, UniqueConstraint

from central.store.metadata import metadata
from central.store.types import Instant

announcements = Table(
    "announcements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("topic", String, nullable=False),
    Column("retain", Boolean, nullable=False, default=False),
    Column("payload", Text, nullable=False),  # the CloudEvent as JSON
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    UniqueConstraint("site", "sequence"),
    sqlite_autoincrement=True,
)

out_counters = Table(
    "out_counters", metadata, Column("site", String, primary_key=True), Column("last", Integer, nullable=False, default=0)
)
