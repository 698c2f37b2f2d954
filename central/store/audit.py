"""Who did what, each row hashed with the one before it."""

from sqlalchemy import Column, Integer, String, Table

from central.store.metadata import metadata
from central.store.types import Instant, Json

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", String, nullable=False),
    Column("action", String, nullable=False),
    Column("object", String, nullable=False),
    Column("before", Json),
    Column("after", Json),
    Column("address", String),
    Column("previous_hash", String, nullable=False),
    Column("hash", String, nullable=False),
    sqlite_autoincrement=True,
)
