"""Sales, receipts, moves and adjustments: append-only and idempotent by id. The book is their sum."""

from sqlalchemy import Column, Index, Integer, String, Table

from central.store.metadata import metadata
from central.store.types import Instant

movements = Table(
    "movements",
    metadata,
    Column("id", String, primary_key=True),
    Column("site", String, nullable=False),
    Column("kind", String, nullable=False),  # sale | receipt | move | adjustment
    Column("sku", String, nullable=False),
    Column("location", String, nullable=False),
    Column("quantity", Integer, nullable=False),  # units, negative when stock leaves
    Column("occurred_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("source", String, nullable=False),  # token or person that posted it
    Column("reference", String),
    Index("ix_movements_site_location_sku_occurred_at", "site", "location", "sku", "occurred_at"),
)
