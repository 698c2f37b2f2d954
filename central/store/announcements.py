"""What must be said to integrators: rows first, spoken after commit, numbered without a hole per site."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    select,
    text,
    update,
)

from central.store.metadata import metadata
from central.store.types import Instant, instant_text
from protocols import topics
from protocols.codec import encode, wire_time
from protocols.identity import uuid7
from protocols.messages.decision import CloudEvent

announcements = Table(
    "announcements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("topic", String, nullable=False),
    Column("retain", Boolean, nullable=False, default=False),
    Column("payload", Text, nullable=False),  # the CloudEvent as JSON
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    UniqueConstraint("site", "sequence"),
    Index("ix_announcements_unsent", "id", sqlite_where=text("sent_at IS NULL")),
    sqlite_autoincrement=True,
)

out_counters = Table(
    "out_counters", metadata, Column("site", String, primary_key=True), Column("last", Integer, nullable=False, default=0)
)


@dataclass(frozen=True)
class Saying:
    """What is to be said on `out/{site}/{domain}/{kind}`, below it the SKU where one is given.

    data: a wire message; source: a URI reference of who found it; id: of the event it tells of, where there is one.
    """

    domain: str
    kind: str
    data: object
    source: str
    subject: str | None = None
    id: str | None = None
    sku: str | None = None
    retain: bool = False


@dataclass(frozen=True)
class Announcement:
    """One row: the CloudEvent `payload` (JSON text) with its number among those of its site."""

    id: int
    site: str
    sequence: int
    topic: str
    retain: bool
    payload: str


def announce(  # noqa: PLR0913
    conn: Connection,
    *,
    site: str,
    domain: str,
    kind: str,
    data: object,
    subject: str | None,
    now: datetime,
    source: str,
    sku_level: str | None = None,
    retain: bool = False,
) -> int:
    """Put one CloudEvent into the row of what must be said. Returns its sequence. Raises BadIdentifier."""
    return announce_all(conn, site, [Saying(domain, kind, data, source, subject, None, sku_level, retain)], now)


def announce_all(conn: Connection, site: str, sayings: Sequence[Saying], now: datetime) -> int:
    """Put several into the row, in order. Returns the sequence of the last. Raises BadIdentifier."""
    last = _numbered(conn, site, len(sayings))
    at = instant_text(now)
    rows = [
        (
            site,
            number,
            topics.out(site, said.domain, said.kind, said.sku),
            said.retain,
            _payload(said, number, now),
            at,
        )
        for number, said in enumerate(sayings, start=last - len(sayings) + 1)
    ]
    if rows:
        conn.exec_driver_sql(_INSERT, rows)
    return last


_COUNT_ON = """INSERT INTO out_counters (site, last) VALUES (?, ?)
ON CONFLICT (site) DO UPDATE SET last = out_counters.last + excluded.last RETURNING last"""


def unsent(conn: Connection, limit: int, after: int = 0) -> list[Announcement]:
    """What was not said yet, behind the id `after`, oldest first."""
    return _read(conn, announcements.c.sent_at.is_(None) & (announcements.c.id > after), limit)


def mark_sent(conn: Connection, said: Iterable[int], now: datetime) -> None:
    """The rows with these ids were taken by the broker."""
    conn.execute(update(announcements).where(announcements.c.id.in_(list(said))).values(sent_at=now))


def after(conn: Connection, site: str, sequence: int, limit: int) -> list[Announcement]:
    """What a site announced after `sequence`, in order: what a consumer that sees a hole asks for."""
    return _read(conn, (announcements.c.site == site) & (announcements.c.sequence > sequence), limit)


def waiting(conn: Connection) -> tuple[int, datetime | None]:
    """How many were not said yet, and since when the oldest of them waits."""
    c = announcements.c
    row = conn.execute(select(func.count(), func.min(c.created_at)).where(c.sent_at.is_(None))).one()
    return row[0], row[1]


def retained(conn: Connection) -> list[Announcement]:
    """The newest of each retained topic that was said: what a broker that was wiped must be told again."""
    said = announcements.c.sent_at.is_not(None)
    return _read(conn, announcements.c.id.in_(_newest_retained().where(said)), None)


def forget(conn: Connection, before: datetime, most: int) -> int:
    """Drop what was said and is older than `before`, but what is still retained, the oldest first, at most so many.

    How many. Numbers are never given again.
    """
    c = announcements.c
    old = (c.created_at < before) & c.sent_at.is_not(None) & c.id.not_in(_newest_retained())
    some = select(c.id).where(old).order_by(c.id).limit(most)
    return conn.execute(delete(announcements).where(c.id.in_(some))).rowcount


def _newest_retained() -> Select[int]:
    return select(func.max(announcements.c.id)).where(announcements.c.retain).group_by(announcements.c.topic)


_INSERT = """INSERT INTO announcements (site, sequence, topic, retain, payload, created_at) VALUES (?, ?, ?, ?, ?, ?)"""


def _numbered(conn: Connection, site: str, n: int) -> int:
    return int(conn.exec_driver_sql(_COUNT_ON, (site, n)).scalar_one())


def _payload(said: Saying, number: int, now: datetime) -> str:
    event = CloudEvent(
        id=said.id or str(uuid7(int(now.timestamp() * 1000), token_bytes(10))),
        source=said.source,
        type=f"tallyhouse.{said.domain}.{said.kind}.v1",
        time=wire_time(now),
        sequence=str(number),
        data=said.data,
        subject=said.subject,
    )
    return encode(event).decode()


def _read(conn: Connection, wanted: ColumnElement[bool], limit: int | None) -> list[Announcement]:
    c = announcements.c
    rows = select(c.id, c.site, c.sequence, c.topic, c.retain, c.payload).where(wanted).order_by(c.id).limit(limit)
    return [Announcement(*row) for row in conn.execute(rows)]
