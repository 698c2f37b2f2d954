"""What the house consists of: sites, shelves with their planogram, cameras, machines, items, suppliers.

Labels are JSON `{"en": …, "zh_Hans": …}`; identifiers follow `protocols.identity`.
"""

from sqlalchemy import Column, Float, ForeignKey, Integer, String, Table

from central.store.metadata import metadata
from central.store.types import Json

sites = Table("sites", metadata, Column("site", String, primary_key=True), Column("label", Json, nullable=False))

suppliers = Table(
    "suppliers",
    metadata,
    Column("supplier", String, primary_key=True),
    Column("label", Json, nullable=False),
    Column("lead_time_d", Float, nullable=False),
    Column("lead_time_sd_d", Float, nullable=False),
    Column("email", String),
)

items = Table(
    "items",
    metadata,
    Column("sku", String, primary_key=True),
    Column("label", Json, nullable=False),
    Column("supplier", String, ForeignKey("suppliers.supplier"), nullable=False),
    Column("pack_size", Integer, nullable=False),
    Column("unit_cost", Float, nullable=False),
    Column("currency", String, nullable=False),
)

cameras = Table(
    "cameras",
    metadata,
    Column("site", String, ForeignKey("sites.site"), primary_key=True),
    Column("camera", String, primary_key=True),
    Column("label", Json, nullable=False),
    Column("device", String),
)

# One row a place on a shelf: what should stand there (the planogram) and where a camera sees it.
shelves = Table(
    "shelves",
    metadata,
    Column("site", String, ForeignKey("sites.site"), primary_key=True),
    Column("location", String, primary_key=True),
    Column("label", Json, nullable=False),
    Column("aisle", String, nullable=False),
    Column("sku", String, ForeignKey("items.sku"), nullable=False),
    Column("facings", Integer, nullable=False),
    Column("depth", Integer, nullable=False, default=1),
    Column("camera", String),
    Column("region", Json),  # [x, y, width, height] as fractions of the camera's frame
)

machines = Table(
    "machines",
    metadata,
    Column("site", String, ForeignKey("sites.site"), primary_key=True),
    Column("machine", String, primary_key=True),
    Column("label", Json, nullable=False),
    Column("profile", String),
    Column("device", String),
)
