"""Every change to the schema of the outbox file, in order. A row is the event as it will be sent, its class in front."""

from zlib import crc32

from sqlite_utils import Database, Migrations

from edge_agent.errors import OutboxCorrupt, OutboxUnusable
from edge_agent.outbox.counter import Counter
from edge_agent.outbox.ranks import rank_of
from edge_agent.outbox.rows import checksum
from protocols.codec import read_event
from protocols.errors import Unreadable

SCHEMA = Migrations("outbox")
NAMES = ["0001_events_counter_evidence_snapshots", "0002_classes_and_checksums", "0003_grace_and_pieces"]


def upgrade(db: Database) -> None:
    """Bring the file to the newest schema.

    Raises OutboxUnusable when a newer agent made it, OutboxCorrupt when its list of changes is not a beginning of ours.
    """
    applied = [migration.name for migration in SCHEMA.applied(db)]
    if applied[: len(NAMES)] == NAMES != applied:
        raise OutboxUnusable(
            f"the outbox was made by a newer agent ({applied[-1]}): install that one again, the file is kept"
        )
    if applied != NAMES[: len(applied)]:
        raise OutboxCorrupt("its list of schema changes is damaged")
    SCHEMA.apply(db)


@SCHEMA(name=NAMES[0])
def _first(db: Database) -> None:
    db.table("events").create({"sequence": int, "boot": int, "created_ms": int, "event": bytes}, pk="sequence", strict=True)
    db.table("counter").create({"id": int, "last": int, "acknowledged": int, "corruptions": int}, pk="id", strict=True)
    db.table("counter").insert({"id": 1, "last": 0, "acknowledged": 0, "corruptions": 0})
    db.table("boots").create({"id": int, "boot": str}, pk="id", strict=True)
    db.table("evidence").create(
        {"sequence": int, "sha256": str, "boot": str, "media_type": str, "taken_at": str, "data": bytes},
        pk="sequence",
        strict=True,
    )
    db.table("snapshots").create({"task": str, "sha256": str, "state": bytes}, pk="task", strict=True)
    db.table("set_aside").create({"sequence": int, "why": str, "at": str, "event": bytes}, pk="sequence", strict=True)


@SCHEMA(name=NAMES[1])
def _classes_and_checksums(db: Database) -> None:
    db.execute("ALTER TABLE events RENAME TO events_before")
    columns = {"sequence": int, "boot": int, "created_ms": int, "class": int, "crc": int, "event": bytes}
    db.table("events").create(columns, pk="sequence", strict=True)
    for sequence, boot, created_ms, event in db.execute("SELECT * FROM events_before ORDER BY sequence").fetchall():
        rank = int(rank_of(_kind(event)))
        row = (sequence, boot, created_ms, rank, checksum(sequence, boot, created_ms, rank, event), event)
        db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", row)
    db.execute("DROP TABLE events_before")
    db.execute("CREATE INDEX alarms ON events (sequence) WHERE class = 1")
    db.execute("ALTER TABLE boots ADD COLUMN crc INTEGER NOT NULL DEFAULT 0")
    for key, boot in db.execute("SELECT id, boot FROM boots").fetchall():
        db.execute("UPDATE boots SET crc = ? WHERE id = ?", (crc32(boot.encode()), key))
    db.execute("ALTER TABLE counter ADD COLUMN crc INTEGER NOT NULL DEFAULT 0")


@SCHEMA(name=NAMES[2])
def _grace_and_pieces(db: Database) -> None:
    db.table("marks").create({"at_ms": int, "acknowledged": int}, pk="at_ms", strict=True)
    columns = {"sequence": int, "sha256": str, "class": int, "bytes": int, "acknowledged_bytes": int, "delivered_ms": int}
    db.table("pieces").create(columns, pk="sequence", strict=True)
    db.execute("CREATE INDEX pieces_by_hash ON pieces (sha256)")
    db.execute("INSERT INTO pieces SELECT sequence, sha256, 2, length(data), 0, NULL FROM evidence")
    db.execute("ALTER TABLE counter ADD COLUMN evicted INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE counter ADD COLUMN evidence_evicted INTEGER NOT NULL DEFAULT 0")
    counter = Counter(*db.execute("SELECT last, acknowledged, corruptions FROM counter").fetchone())
    db.execute("UPDATE counter SET crc = ?", (counter.crc,))


def _kind(event: bytes) -> str:
    try:
        return read_event(event).kind
    except Unreadable:
        return "unreadable/1"
