"""Pictures and stretches of readings behind events, by hash."""

from sqlalchemy import Column, Integer, LargeBinary, String, Table

from central.store.metadata import metadata
from central.store.types import Instant

evidence = Table(
    "evidence",
    metadata,
    Column("sha256", String, primary_key=True),  # "sha256:…" as in the event
    Column("device", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("taken_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
