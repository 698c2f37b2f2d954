"""Business knobs of each capability, versioned: a decision keeps the version it used."""

from collections.abc import Mapping
from dataclasses import dataclass
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
    Column("reason", String),
)


@dataclass(frozen=True)
class Version:
    """A row of `params`; `values` are those that differ from the defaults."""

    capability: str
    version: int
    values: dict[str, Any]
    changed_by: str
    changed_at: datetime
    reason: str | None


def current(conn: Connection, capability: str) -> tuple[int, dict[str, Any]]:
    """The newest version and its values; version 0, no values, when nobody changed the defaults."""
    newest = history(conn, capability, 1)
    return (newest[0].version, newest[0].values) if newest else (0, {})


def history(conn: Connection, capability: str, limit: int) -> list[Version]:
    """The last versions, newest first."""
    mine = select(params).where(params.c.capability == capability)
    rows = conn.execute(mine.order_by(params.c.version.desc()).limit(limit)).mappings()
    return [Version(**row) for row in rows]


def values_of(conn: Connection, capability: str, version: int) -> dict[str, Any] | None:
    """The values of a version; those of version 0 are the defaults. None when there is no such version."""
    if version == 0:
        return {}
    mine = (params.c.capability == capability, params.c.version == version)
    values: dict[str, Any] | None = conn.execute(select(params.c["values"]).where(*mine)).scalar()
    return values


def change(
    conn: Connection, capability: str, values: Mapping[str, Any], person: str, now: datetime, reason: str | None = None
) -> int:
    """Keep `values`, which the caller has checked, as the next version; returns it."""
    version = current(conn, capability)[0] + 1
    row = {"capability": capability, "version": version, "values": dict(values), "changed_by": person, "changed_at": now}
    conn.execute(insert(params).values(row | {"reason": reason}))
    return version
