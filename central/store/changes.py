"""The log that open pages tail: one row a thing that changed, written in the transaction that changed it."""

from sqlalchemy import Column, Integer, String, Table

from central.store.metadata import metadata
from central.store.types import Instant

changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String, nullable=False),
    Column("noun", String, nullable=False),  # position | condition | decision | device | event | quarantine
    Column("key", String, nullable=False),
    Column("at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
