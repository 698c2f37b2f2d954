"""Edge devices: who may speak, what they last said of themselves, and how far their events have landed."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table

from central.store.metadata import metadata
from central.store.types import Instant, Json

devices = Table(
    "devices",
    metadata,
    Column("device", String, primary_key=True),
    Column("site", String, nullable=False),
    Column("label", String, nullable=False),
    Column("public_key", String, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("online", Boolean, nullable=False, default=False),
    Column("boot", String),
    Column("birth", Json),  # protocols.messages.device.Birth as JSON
    Column("health", Json),  # protocols.messages.device.Health as JSON
    Column("heard_at", Instant),
)

# One row a device, written once per landing transaction. The cursor is the contiguous prefix that is on disk.
ledgers = Table(
    "ledgers",
    metadata,
    Column("device", String, ForeignKey("devices.device"), primary_key=True),
    Column("cursor", Integer, nullable=False, default=0),
    Column("highest_seen", Integer, nullable=False, default=0),
    Column("stored", Integer, nullable=False, default=0),
    Column("duplicates", Integer, nullable=False, default=0),
    Column("late", Integer, nullable=False, default=0),
    Column("gaps", Integer, nullable=False, default=0),
    Column("quarantined", Integer, nullable=False, default=0),
    Column("declared_lost", Integer, nullable=False, default=0),
)
