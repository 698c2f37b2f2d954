"""Edge devices: who may speak, what they last said of themselves, and how far their events have landed."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Boolean, Column, Connection, ForeignKey, Integer, String, Table, insert, select

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
    Column("reported", Json),  # protocols.messages.device.Reported as JSON
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


@dataclass(frozen=True)
class Device:
    """An edge device as it was added. public_key: base64 of 32 bytes; a revoked one may no longer speak."""

    device: str
    site: str
    label: str
    public_key: str
    added_at: datetime
    revoked_at: datetime | None = None


_IDENTITY = (
    devices.c.device,
    devices.c.site,
    devices.c.label,
    devices.c.public_key,
    devices.c.added_at,
    devices.c.revoked_at,
)


def add(conn: Connection, device: Device) -> None:
    """A new device with an empty ledger; the caller has made sure that the name is free."""
    conn.execute(insert(devices).values(asdict(device)))
    conn.execute(insert(ledgers).values(device=device.device))


def get(conn: Connection, name: str) -> Device | None:
    """The device of that name, if there is one."""
    row = conn.execute(select(*_IDENTITY).where(devices.c.device == name)).one_or_none()
    return None if row is None else Device(*row)


def identities(conn: Connection) -> list[Device]:
    """Every device, by name."""
    return [Device(*row) for row in conn.execute(select(*_IDENTITY).order_by(devices.c.device))]
