"""Business knobs of each capability, versioned: a decision keeps the version it used."""

from sqlalchemy import Column, Integer, String, Table

from central.store.metadata import metadata
from central.store.types import Instant, Json

params = Table(
    "params",
    metadata,
    Column("capability", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("values", Json, nullable=False),
    Column("changed_by", String, nullable=False),
    Column("changed_at", Instant, nullable=False),
)
