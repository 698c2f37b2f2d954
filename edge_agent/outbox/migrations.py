"""Every change to the schema of the outbox file, in order. A row is the event as it will be sent; no other index."""

from sqlite_utils import Database, Migrations

SCHEMA = Migrations("outbox")


@SCHEMA(name="0001_events_counter_evidence_snapshots")
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
