"""Pictures and stretches into the store: whole ones at once, large ones chunk by chunk (in the landing transaction).

Like events, a piece counts only as far as it is whole from its first byte: a chunk that lies beyond is answered with what is
here, and the device goes on from there, after a lost connection or its own restart too.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection

from central.ingest.evidence import Chunk, Delivered
from central.ingest.waiting import Waiting
from central.store import evidence, evidence_parts
from central.store.evidence import Piece
from central.store.quarantine import Held

MOST_UNFINISHED_BYTES = 16_000_000  # of one device


@dataclass
class Kept:
    """What became of a device's evidence. whole: hashes that are kept; begun: hash → bytes from the first that are here."""

    whole: list[str] = field(default_factory=list)
    begun: dict[str, int] = field(default_factory=dict)
    spoiled: list[Held] = field(default_factory=list)


def keep(conn: Connection, waiting: Iterable[Waiting], now: datetime) -> dict[str, Kept]:
    """Keep what came, by device."""
    kept: dict[str, Kept] = defaultdict(Kept)
    for one in waiting:
        if isinstance(one.verdict, Delivered):
            evidence.keep(conn, one.verdict.piece, now)
            kept[one.verdict.device].whole.append(one.verdict.piece.sha256)
        elif isinstance(one.verdict, Chunk):
            _begin(conn, one.verdict, one.message.topic, kept[one.verdict.device], now)
    return kept


def _begin(conn: Connection, chunk: Chunk, topic: str, kept: Kept, now: datetime) -> None:
    if evidence.get(conn, chunk.sha256) is not None:
        kept.whole.append(chunk.sha256)
        return
    here = evidence_parts.length(conn, chunk.device, chunk.sha256)
    if chunk.offset == here:
        evidence_parts.append(conn, chunk.device, chunk.sha256, chunk.offset, chunk.data, now)
        here += len(chunk.data)
    if here >= chunk.total_bytes:
        _finish(conn, chunk, topic, kept, now)
    else:
        evidence_parts.make_room(conn, chunk.device, MOST_UNFINISHED_BYTES)
        kept.begun[chunk.sha256] = here


def _finish(conn: Connection, chunk: Chunk, topic: str, kept: Kept, now: datetime) -> None:
    content = evidence_parts.take(conn, chunk.device, chunk.sha256)
    kept.begun.pop(chunk.sha256, None)
    found = f"sha256:{sha256(content).hexdigest()}"
    if found == chunk.sha256:
        evidence.keep(conn, Piece(found, chunk.device, chunk.media_type, chunk.taken_at, content), now)
        kept.whole.append(found)
    else:
        detail = f"the {len(content)} bytes of all chunks are {found}, said to be {chunk.sha256}"
        kept.spoiled.append(Held("wrong_hash", detail, topic, content, chunk.device))
