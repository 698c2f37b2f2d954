"""Pictures and stretches of readings behind events, by hash."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Index, Integer, LargeBinary, String, Table, select

from central.store.engine import upsert
from central.store.metadata import metadata
from central.store.types import Instant

evidence = Table(
    "evidence",
    metadata,
    Column("sha256", String, primary_key=True),  # "sha256:…" as in the event
    Column("device", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("taken_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("ix_evidence_received_at_bytes", "received_at", "bytes"),  # the oldest, and the sum, without reading a picture
)


@dataclass(frozen=True)
class Piece:
    """A picture or a stretch of readings, whole. sha256: "sha256:…" of the content."""

    sha256: str
    device: str
    media_type: str
    taken_at: datetime
    content: bytes


def keep(conn: Connection, piece: Piece, now: datetime) -> None:
    """Insert; one that is known already has no effect."""
    row = upsert(evidence).values(asdict(piece) | {"bytes": len(piece.content), "received_at": now})
    conn.execute(row.on_conflict_do_nothing(index_elements=["sha256"]))


def get(conn: Connection, sha256: str) -> Piece | None:
    """The piece of that hash, if it has come."""
    c = evidence.c
    query = select(c.sha256, c.device, c.media_type, c.taken_at, c.content).where(c.sha256 == sha256)
    row = conn.execute(query).one_or_none()
    return Piece(*row) if row else None
