"""Beginnings of pictures and stretches that are larger than one message: each as far as it is whole from its first byte."""

from datetime import datetime

from sqlalchemy import Column, Connection, Integer, LargeBinary, String, Table, delete, func, insert, select

from central.store.metadata import metadata
from central.store.types import Instant

evidence_parts = Table(
    "evidence_parts",
    metadata,
    Column("device", String, primary_key=True),
    Column("sha256", String, primary_key=True),
    Column("offset", Integer, primary_key=True, autoincrement=False),
    Column("bytes", Integer, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

_c = evidence_parts.c


def length(conn: Connection, device: str, sha256: str) -> int:
    """How many bytes of a piece are here, from its first."""
    mine = (_c.device == device) & (_c.sha256 == sha256)
    return int(conn.execute(select(func.coalesce(func.sum(_c.bytes), 0)).where(mine)).scalar_one())


def append(conn: Connection, device: str, sha256: str, offset: int, data: bytes, now: datetime) -> None:
    """Add the bytes that follow; the caller has made sure that they do."""
    row = {"device": device, "sha256": sha256, "offset": offset, "bytes": len(data), "received_at": now, "data": data}
    conn.execute(insert(evidence_parts).values(row))


def take(conn: Connection, device: str, sha256: str) -> bytes:
    """What is here of a piece, and nothing of it stays."""
    mine = (_c.device == device) & (_c.sha256 == sha256)
    data = b"".join(conn.execute(select(_c.data).where(mine).order_by(_c.offset)).scalars())
    conn.execute(delete(evidence_parts).where(mine))
    return data


def make_room(conn: Connection, device: str, most_bytes: int) -> int:
    """Drop a device's pieces that moved least lately, until there are no more bytes than that. How many pieces."""
    size, moved_at = func.sum(_c.bytes), func.max(_c.received_at)
    pieces = conn.execute(select(_c.sha256, size).where(_c.device == device).group_by(_c.sha256).order_by(moved_at)).all()
    over = sum(row[1] for row in pieces) - most_bytes
    gone = 0
    for sha256, held in pieces:
        if over <= 0:
            break
        take(conn, device, sha256)
        over -= held
        gone += 1
    return gone
