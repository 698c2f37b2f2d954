"""What people say about the pictures behind events: one vote a person and picture, undone ones kept (append-only).

A lease keeps one picture with one person for a while, so that two do not label the same one at the same time.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    and_,
    case,
    delete,
    func,
    insert,
    select,
    update,
)

from central.store.engine import upsert
from central.store.events import events
from central.store.evidence import evidence
from central.store.metadata import metadata
from central.store.types import Instant, Json

Verdict = Literal["confirm", "not_a_defect", "other_label", "fix_box", "add_missed", "cannot_tell"]
Box = tuple[float, float, float, float]  # x1, y1, x2, y2 as fractions of the picture
KINDS = ("defect/1", "shelf_count/1")

labels = Table(
    "labels",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String, nullable=False),
    Column("evidence", String, nullable=False),
    Column("event", String, nullable=False),  # its id
    Column("kind", String, nullable=False),  # of the event
    Column("verdict", String, nullable=False),
    Column("label", String),
    Column("boxes", Json, nullable=False),  # as corrected; empty where the verdict names none
    Column("person", String, nullable=False),
    Column("labelled_at", Instant, nullable=False),
    Column("undone_at", Instant),
    Index("ix_labels_site_evidence", "site", "evidence"),
    sqlite_autoincrement=True,
)

label_leases = Table(
    "label_leases",
    metadata,
    Column("site", String, primary_key=True),
    Column("evidence", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("until", Instant, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class Vote:
    """A row of `labels`, without its number before it is kept."""

    site: str
    evidence: str
    event: str
    kind: str
    verdict: Verdict
    label: str | None
    boxes: tuple[Box, ...]
    person: str
    labelled_at: datetime
    undone_at: datetime | None = None
    id: int = 0


@dataclass(frozen=True, kw_only=True)
class Pictured:
    """An event whose picture has come. data: the event's JSON."""

    event: str
    kind: str
    device: str
    model: str | None
    evidence: str
    occurred_at: datetime
    data: str


def add(conn: Connection, vote: Vote) -> int:
    """Keep a vote; its number."""
    values = {name: value for name, value in asdict(vote).items() if name != "id"}
    return int(conn.execute(insert(labels).values(values).returning(labels.c.id)).scalar_one())


def get(conn: Connection, site: str, label_id: int) -> Vote | None:
    """The vote of that number, undone or not."""
    return next(iter(_votes(conn, labels.c.site == site, labels.c.id == label_id)), None)


def valid(conn: Connection, site: str, picture: str | None = None) -> list[Vote]:
    """The votes on a picture, or on all of a site, that were not undone; oldest first."""
    wanted = [labels.c.site == site, labels.c.undone_at.is_(None)]
    return _votes(conn, *wanted, *([labels.c.evidence == picture] if picture is not None else []))


def page(conn: Connection, site: str, after: int, limit: int) -> list[Vote]:
    """Votes of a site from the one after number `after` on, undone ones too."""
    return _votes(conn, labels.c.site == site, labels.c.id > after)[:limit]


def undo(conn: Connection, label_id: int, now: datetime) -> None:
    """Take a vote back; it stays on record."""
    conn.execute(update(labels).where(labels.c.id == label_id).values(undone_at=now))


def lease(conn: Connection, site: str, picture: str, person: str, until: datetime) -> None:
    """Give a picture to a person until then, whoever had it."""
    row = upsert(label_leases).values(site=site, evidence=picture, person=person, until=until)
    fresh = {"person": row.excluded.person, "until": row.excluded.until}
    conn.execute(row.on_conflict_do_update(index_elements=["site", "evidence"], set_=fresh))


def give_back(conn: Connection, site: str, picture: str, now: datetime) -> None:
    """End the lease of a picture, and all that have run out."""
    c = label_leases.c
    conn.execute(delete(label_leases).where((c.site == site) & ((c.evidence == picture) | (c.until <= now))))


def leased(conn: Connection, site: str, now: datetime) -> dict[str, str]:
    """Picture → the person who has it now."""
    c = label_leases.c
    rows = conn.execute(select(c.evidence, c.person).where((c.site == site) & (c.until > now)))
    return {row.evidence: row.person for row in rows}


def pictured(conn: Connection, site: str, picture: str) -> Pictured | None:
    """The newest event behind a picture that has come, if there is one to label."""
    return next(iter(_pictured(conn, 1, events.c.site == site, events.c.evidence == picture)), None)


def candidates(conn: Connection, site: str, since: datetime, share: float, place: int, limit: int) -> list[Pictured]:
    """Pictures to label, newest first: every part sent to review, and a random `share` of all others.

    A picture's hash is the die: eight of its digits from `place` on, so that the sample is the same for everybody and is
    not chosen by anything in the picture.
    """
    c = events.c
    digits = func.substr(c.evidence, len("sha256:") + 1 + place % 56, 8)
    drawn = digits < f"{int(share * 0xFFFFFFFF):08x}"
    is_review = case((c.kind == KINDS[0], func.json_extract(c.data, "$.verdict") == "review"), else_=False)
    mine = and_(c.site == site, c.kind.in_(KINDS), c.occurred_at >= since)
    return _pictured(conn, limit, mine, is_review | drawn)


def _pictured(conn: Connection, limit: int, *wanted: ColumnElement[bool]) -> list[Pictured]:
    c = events.c
    columns = (c.id.label("event"), c.kind, c.device, c.model, c.evidence, c.occurred_at, c.data)
    joined = events.join(evidence, evidence.c.sha256 == c.evidence)
    of_kind = (c.kind.in_(KINDS), evidence.c.media_type == "image/jpeg")
    query = select(*columns).select_from(joined).where(*of_kind, *wanted).order_by(c.occurred_at.desc()).limit(limit)
    return [Pictured(**row) for row in conn.execute(query).mappings()]


def _votes(conn: Connection, *wanted: ColumnElement[bool]) -> list[Vote]:
    rows = conn.execute(select(labels).where(*wanted).order_by(labels.c.id)).mappings()
    return [Vote(**{**row, "boxes": tuple(tuple(box) for box in row["boxes"])}) for row in rows]
