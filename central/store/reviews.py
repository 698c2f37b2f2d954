"""What people made of a proposal: verdicts, final at the end of their undo window. An undone one stays on record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, ForeignKey, Integer, String, Table, insert, select, update

from central.store.decisions import decisions
from central.store.metadata import metadata
from central.store.types import Instant, Json

reviews = Table(
    "reviews",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("decision", String, ForeignKey("decisions.id"), nullable=False, index=True),
    Column("verdict", String, nullable=False),  # accept | adjust | reject
    Column("person", String, nullable=False),
    Column("reviewed_at", Instant, nullable=False),
    Column("settles_at", Instant, nullable=False),  # end of the undo window: announced then
    Column("reason", String),
    Column("note", String),
    Column("proposal", Json),  # as adjusted
    Column("undone_at", Instant),
    Column("announced_at", Instant),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, kw_only=True)
class Review:
    """A row of `reviews`: a person's verdict, final at `settles_at` unless undone."""

    id: int
    decision: str
    verdict: str
    person: str
    reviewed_at: datetime
    settles_at: datetime
    reason: str | None = None
    note: str | None = None
    proposal: dict[str, Any] | None = None
    undone_at: datetime | None = None
    announced_at: datetime | None = None


def add(conn: Connection, values: dict[str, Any]) -> Review:
    """Insert a review and return it."""
    return Review(**conn.execute(insert(reviews).values(values).returning(reviews)).mappings().one())


def get(conn: Connection, review_id: int) -> Review | None:
    """The review, or None."""
    return next(iter(_reviews(conn, reviews.c.id == review_id)), None)


def all_of(conn: Connection, decision_id: str) -> list[Review]:
    """All verdicts on a decision, undone ones too, oldest first."""
    return _reviews(conn, reviews.c.decision == decision_id)


def valid(conn: Connection, decision_id: str) -> Review | None:
    """The verdict that holds, or None."""
    return next(iter(_reviews(conn, reviews.c.decision == decision_id, reviews.c.undone_at.is_(None))), None)


def undo(conn: Connection, review_id: int, now: datetime) -> None:
    """Take a verdict back."""
    conn.execute(update(reviews).where(reviews.c.id == review_id).values(undone_at=now))


def settled(conn: Connection, now: datetime) -> list[Review]:
    """Verdicts that can no longer be undone and are not announced yet."""
    is_open = (reviews.c.undone_at.is_(None), reviews.c.announced_at.is_(None))
    return _reviews(conn, *is_open, reviews.c.settles_at <= now)


def mark_announced(conn: Connection, review_id: int, now: datetime) -> None:
    """The verdict has been put among the announcements."""
    conn.execute(update(reviews).where(reviews.c.id == review_id).values(announced_at=now))


def accepted(
    conn: Connection, site: str, capability: str, subject: str, since: datetime
) -> list[tuple[Review, dict[str, Any]]]:
    """Verdicts since a moment that let a proposal on a subject pass, oldest first, each with the proposal as it passed."""
    mine = (decisions.c.site == site, decisions.c.capability == capability, decisions.c.subject == subject)
    passed = (reviews.c.undone_at.is_(None), reviews.c.verdict.in_(("accept", "adjust")), reviews.c.reviewed_at >= since)
    both = select(reviews, decisions.c.proposal.label("proposed")).join(decisions, decisions.c.id == reviews.c.decision)
    rows = conn.execute(both.where(*mine, *passed).order_by(reviews.c.id)).mappings()
    return [_with_proposal(**row) for row in rows]


def _with_proposal(proposed: dict[str, Any], **row: Any) -> tuple[Review, dict[str, Any]]:
    review = Review(**row)
    return review, review.proposal or proposed


def _reviews(conn: Connection, *wanted: ColumnElement[bool]) -> list[Review]:
    return [Review(**row) for row in conn.execute(select(reviews).where(*wanted).order_by(reviews.c.id)).mappings()]
