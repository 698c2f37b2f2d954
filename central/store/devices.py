"""Edge devices: who may speak, what they last said of themselves, and how far their events have landed."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Boolean, Column, Connection, ForeignKey, Integer, String, Table, insert, select, update

from central.store.engine import positional, upsert
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
    Column("news", Integer, nullable=False, default=0, server_default="0"),
    Column("ahead", Integer, nullable=False, default=0, server_default="0"),
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


@dataclass
class Ledger:
    """How far a device's events have landed. cursor = stored + quarantined + declared_lost: nothing is unaccounted.

    duplicates came again, without effect; late ones long after they occurred; a gap is a batch beyond the cursor, refused.
    news overtook what waited before it and was stored beyond the cursor, at most at `ahead`; it counts as stored when the
    cursor passes it.
    """

    device: str
    cursor: int = 0
    highest_seen: int = 0
    stored: int = 0
    duplicates: int = 0
    late: int = 0
    gaps: int = 0
    quarantined: int = 0
    declared_lost: int = 0
    news: int = 0
    ahead: int = 0


def _put_ledger() -> str:
    row = upsert(ledgers)
    fresh = {column.name: row.excluded[column.name] for column in ledgers.c if column.name != "device"}
    return positional(row.on_conflict_do_update(index_elements=["device"], set_=fresh))


_PUT_LEDGER = _put_ledger()


def ledgers_of(conn: Connection, names: Collection[str]) -> dict[str, Ledger]:
    """The ledgers of these devices; an empty one where there is none yet."""
    rows = conn.execute(select(ledgers).where(ledgers.c.device.in_(names)))
    return {name: Ledger(name) for name in names} | {row[0]: Ledger(*row) for row in rows}


def put_ledgers(conn: Connection, changed: Iterable[Ledger]) -> None:
    """Insert or overwrite."""
    rows = [tuple(vars(ledger).values()) for ledger in changed]
    if rows:
        conn.exec_driver_sql(_PUT_LEDGER, rows)


def heard(conn: Connection, name: str, now: datetime, **state: str | bool | dict[str, object] | None) -> None:
    """Note what a device said of itself: any of `online`, `boot`, `birth`, `health`, `reported`."""
    conn.execute(update(devices).where(devices.c.device == name).values(heard_at=now, **state))


def boot_of(conn: Connection, name: str) -> str | None:
    """The boot id of the device's newest birth."""
    return conn.execute(select(devices.c.boot).where(devices.c.device == name)).scalar_one_or_none()


def reported_of(conn: Connection, name: str) -> dict[str, object] | None:
    """What the device last said of its twin, as JSON."""
    return conn.execute(select(devices.c.reported).where(devices.c.device == name)).scalar_one_or_none()


def birth_of(conn: Connection, name: str) -> dict[str, object] | None:
    """The device's newest birth as JSON."""
    return conn.execute(select(devices.c.birth).where(devices.c.device == name)).scalar_one_or_none()
