"""What was seen or counted at a location. A count is never changed; one that a person marks wrong is no longer trusted."""

from sqlalchemy import Column, Float, Index, Integer, String, Table

from central.store.metadata import metadata
from central.store.types import Instant

counts = Table(
    "counts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String, nullable=False),
    Column("location", String, nullable=False),
    Column("sku", String, nullable=False),
    Column("units", Integer, nullable=False),
    Column("units_low", Integer),
    Column("units_high", Integer),
    Column("confidence", Float, nullable=False),
    Column("counted_at", Instant, nullable=False),
    Column("device", String, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("wrong_at", Instant),
    Column("wrong_by", String),
    Index("ix_counts_site_location_sku_counted_at", "site", "location", "sku", "counted_at"),
    Index("ix_counts_device_sequence", "device", "sequence"),
    sqlite_autoincrement=True,
)
