"""What each device should do, as people and rollouts want it: one row a device, its version only ever rises."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Integer, String, Table, select

from central.store.engine import upsert
from central.store.metadata import metadata
from central.store.types import Instant, Json

twins = Table(
    "twins",
    metadata,
    Column("device", String, ForeignKey("devices.device"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("settings", Json, nullable=False),  # "source/kind" of a task → its settings, whole
    Column("models", Json, nullable=False),  # kind of task → protocols.messages.model_release.ModelRelease as JSON
    Column("changed_by", String, nullable=False),
    Column("changed_at", Instant, nullable=False),
)


@dataclass(frozen=True)
class Twin:
    """A desired twin. Version 0 is that of a device of which nobody wanted anything yet."""

    device: str
    version: int = 0
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed_by: str | None = None
    changed_at: datetime | None = None


def get(conn: Connection, device: str) -> Twin:
    """The desired twin of a device."""
    row = conn.execute(select(twins).where(twins.c.device == device)).one_or_none()
    return Twin(device) if row is None else Twin(*row)


def of_devices(conn: Connection, names: Collection[str]) -> dict[str, Twin]:
    """The desired twin of each device."""
    rows = (Twin(*row) for row in conn.execute(select(twins).where(twins.c.device.in_(names))))
    return {name: Twin(name) for name in names} | {twin.device: twin for twin in rows}


def versions(conn: Connection) -> dict[str, int]:
    """Device → version, of those of which anything is wanted."""
    return {row[0]: row[1] for row in conn.execute(select(twins.c.device, twins.c.version))}


def put(conn: Connection, twin: Twin) -> None:
    """Insert or overwrite."""
    values = asdict(twin)
    row = upsert(twins).values(values)
    conn.execute(row.on_conflict_do_update(index_elements=["device"], set_=values))
