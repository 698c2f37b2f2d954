"""Who did what, each row hashed with the one before it: a row changed or removed later breaks the chain."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Column, Connection, Integer, String, Table, insert, select

from central.store.metadata import metadata
from central.store.types import Instant, Json, instant_text

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", String, nullable=False),
    Column("action", String, nullable=False),
    Column("object", String, nullable=False),
    Column("before", Json),
    Column("after", Json),
    Column("address", String),
    Column("previous_hash", String, nullable=False),
    Column("hash", String, nullable=False),
    sqlite_autoincrement=True,
)
FIRST_HASH = "0" * 64


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What somebody did to a thing, as in 'decision/019a…'; `before` and `after` are JSON values."""

    who: str
    action: str
    thing: str
    before: Any = None
    after: Any = None
    address: str | None = None


def record(conn: Connection, deed: Deed, now: datetime) -> None:
    """Add a row to the chain."""
    last = conn.execute(select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)).scalar()
    row = asdict(deed) | {"at": now, "object": deed.thing, "previous_hash": last or FIRST_HASH}
    del row["thing"]
    conn.execute(insert(audit).values(row | {"hash": _hash(row)}))


def first_broken(conn: Connection) -> int | None:
    """Id of the first row that does not fit the chain; None when all do."""
    previous = FIRST_HASH
    for row in conn.execute(select(audit).order_by(audit.c.id)).mappings():
        if row["previous_hash"] != previous or row["hash"] != _hash(dict(row)):
            return int(row["id"])
        previous = row["hash"]
    return None


def _hash(row: dict[str, Any]) -> str:
    said = ("who", "action", "object", "before", "after", "address", "previous_hash")
    text = json.dumps([instant_text(row["at"]), *(row[name] for name in said)], sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()
