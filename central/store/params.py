"""Business knobs of each capability, versioned: a decision keeps the version it used."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, String, Table, insert, select

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


def current(conn: Connection, capability: str) -> tuple[int, dict[str, Any]]:
    """The newest version and its values; version 0, no values, when nobody changed the defaults."""
    newest = select(params.c.version, params.c["values"]).where(params.c.capability == capability)
    row = conn.execute(newest.order_by(params.c.version.desc()).limit(1)).first()
    return (0, {}) if row is None else (row[0], row[1])


def change(conn: Connection, capability: str, values: Mapping[str, Any], person: str, now: datetime) -> int:
    """Keep `values`, which the caller has checked, as the next version; returns it."""
    version = current(conn, capability)[0] + 1
    row = {"capability": capability, "version": version, "values": dict(values), "changed_by": person, "changed_at": now}
    conn.execute(insert(params).values(row))
    return version
