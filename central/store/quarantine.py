"""What came and could not be taken in: kept once per content hash with its reason, counted, shown, replayable."""

from sqlalchemy import Column, Integer, LargeBinary, String, Table

from central.store.metadata import metadata
from central.store.types import Instant

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("content_hash", String, nullable=False, unique=True),
    Column("reason", String, nullable=False),  # a code: bad_signature, unreadable, unknown_kind, wrong_device, cloned, …
    Column("detail", String, nullable=False),  # for the person who looks: what is wrong and the remedy
    Column("topic", String, nullable=False),
    Column("device", String),
    Column("sequence", Integer),
    Column("payload", LargeBinary, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("times", Integer, nullable=False, default=1),
    sqlite_autoincrement=True,
)
