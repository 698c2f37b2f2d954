"""What came and could not be taken in: kept once per content hash with its reason, counted, shown, replayable."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Column, Connection, Integer, LargeBinary, String, Table, func, select

from central.errors import QuarantineReason
from central.store.engine import among, upsert
from central.store.metadata import metadata
from central.store.types import Instant

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("content_hash", String, nullable=False, unique=True),
    Column("reason", String, nullable=False),  # a code: bad_signature, unreadable, unknown_kind, wrong_device, cloned, …
    Column("detail", String, nullable=False),  # for the person who looks: what is wrong and the remedy
    Column("topic", String, nullable=False),
    Column("device", String),
    Column("sequence", Integer),
    Column("payload", LargeBinary, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("times", Integer, nullable=False, default=1),
    sqlite_autoincrement=True,
)

MOST_KEPT_BYTES = 64 * 1024
MOST_OF_A_DEVICE = 1000
FULL = "{most} things of {device} are held; of what comes beyond them only the number is kept: repair or revoke the device"


@dataclass(frozen=True)
class Held:
    """One message or event that could not be taken in. sequence: of the event, where it is known."""

    reason: QuarantineReason
    detail: str
    topic: str
    payload: bytes
    device: str | None = None
    sequence: int | None = None

    @property
    def content_hash(self) -> str:
        """What names it: the same bytes at the same place are the same thing, however often they come."""
        place = f"{self.topic}\0{'' if self.sequence is None else self.sequence}\0"
        return sha256(place.encode() + self.payload).hexdigest()


def hold(conn: Connection, held: Iterable[Held], now: datetime) -> None:
    """Keep each once, and count how often it came; beyond `MOST_OF_A_DEVICE` of one device only the number is kept."""
    rows = [_row(one, now) for one in _with_room(conn, list(held))]
    if rows:
        row = upsert(quarantine)
        again = {"last_seen_at": row.excluded.last_seen_at, "times": quarantine.c.times + 1}
        conn.execute(row.on_conflict_do_update(index_elements=["content_hash"], set_=again), rows)


def _row(one: Held, now: datetime) -> dict[str, object]:
    return {
        "content_hash": one.content_hash,
        "reason": one.reason,
        "detail": one.detail,
        "topic": one.topic,
        "device": one.device,
        "sequence": one.sequence,
        "payload": one.payload[:MOST_KEPT_BYTES],
        "first_seen_at": now,
        "last_seen_at": now,
        "times": 1,
    }


def _with_room(conn: Connection, held: Sequence[Held]) -> list[Held]:
    kept = _known(conn, {one.content_hash for one in held})
    room = {device: MOST_OF_A_DEVICE - _kept_of(conn, device) for device in {one.device for one in held}}
    fitting = []
    for one in held:
        if one.content_hash in kept or room[one.device] > 0:
            room[one.device] -= one.content_hash not in kept
            kept.add(one.content_hash)
            fitting.append(one)
        else:
            detail = FULL.format(device=one.device or "nobody known", most=MOST_OF_A_DEVICE)
            fitting.append(Held("quarantine_full", detail, "", (one.device or "").encode(), one.device))
    return fitting


def _known(conn: Connection, hashes: Collection[str]) -> set[str]:
    c = quarantine.c
    return set(conn.execute(select(c.content_hash).where(among([c.content_hash], [[one] for one in hashes]))).scalars())


def _kept_of(conn: Connection, device: str | None) -> int:
    same = quarantine.c.device.is_not_distinct_from(device)
    return int(conn.execute(select(func.count()).select_from(quarantine).where(same)).scalar_one())


def count(conn: Connection, device: str | None = None) -> int:
    """How many different things are held; those of one device where it is given."""
    query = select(func.count()).select_from(quarantine)
    if device is not None:
        query = query.where(quarantine.c.device == device)
    return int(conn.execute(query).scalar_one())
