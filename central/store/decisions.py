"""Proposals and what caused them; what people made of them is in `reviews.py`.

Of one subject of one capability at most one proposal is open, but between an undo and the next look of the background. A row
is never rewritten but for its state and its successor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    and_,
    exists,
    insert,
    or_,
    select,
    update,
)

from central.store.counts import counts
from central.store.metadata import metadata
from central.store.types import Instant, Json

decisions = Table(
    "decisions",
    metadata,
    Column("id", String, primary_key=True),  # UUIDv7
    Column("site", String, nullable=False),
    Column("capability", String, nullable=False),  # "supply.inventory"
    Column("subject", String, nullable=False),
    Column("state", String, nullable=False),  # proposed | accepted | adjusted | rejected | undecided | nothing | superseded
    Column("decided_at", Instant, nullable=False),
    Column("proposal", Json),
    Column("reasons", Json, nullable=False),  # [{"code", "values"}], worst first
    Column("would_change", Json),  # [{"code", "values"}]: what would make it another decision
    Column("inputs", Json, nullable=False),  # the values it was decided on, for Why and replay
    Column("params_version", Integer, nullable=False),
    Column("effect", Float),  # money that approving moves, positive when spent
    Column("currency", String),
    Column("confidence", Float),  # 0..1
    Column("interval", Json),  # {"name", "low", "high", "share"}
    Column("approve_by", Instant),
    Column("superseded_by", String),
    Index("ix_decisions_capability_subject_decided_at", "capability", "subject", "decided_at"),
    Index("ix_decisions_state_decided_at", "state", "decided_at"),
)

decision_causes = Table(
    "decision_causes",
    metadata,
    Column("decision", String, ForeignKey("decisions.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", String, nullable=False),  # count | book | demand | lead_time | order | params | event
    Column("reference", String, nullable=False),
    Column("device", String),
    Column("sequence", Integer),
    Column("values", Json),
    Index("ix_decision_causes_device_sequence", "device", "sequence"),
)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A row of `decisions`: JSON values, instants aware."""

    id: str
    site: str
    capability: str
    subject: str
    state: str
    decided_at: datetime
    proposal: dict[str, Any] | None
    reasons: list[dict[str, Any]]
    would_change: list[dict[str, Any]] | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    params_version: int = 0
    effect: float | None = None
    currency: str | None = None
    confidence: float | None = None
    interval: dict[str, Any] | None = None
    approve_by: datetime | None = None
    superseded_by: str | None = None

    @property
    def codes(self) -> frozenset[str]:
        """Codes of its reasons."""
        return frozenset(reason["code"] for reason in self.reasons)


@dataclass(frozen=True, kw_only=True)
class CauseRow:
    """A row of `decision_causes`."""

    kind: str
    reference: str
    device: str | None = None
    sequence: int | None = None
    values: dict[str, Any] = field(default_factory=dict)


def add(conn: Connection, decision: Decision, causes: Iterable[CauseRow]) -> None:
    """Insert a decision with its causes, in their order."""
    conn.execute(insert(decisions).values(asdict(decision)))
    rows = [asdict(cause) | {"decision": decision.id, "position": at} for at, cause in enumerate(causes)]
    if rows:
        conn.execute(insert(decision_causes), rows)


def get(conn: Connection, decision_id: str) -> Decision | None:
    """The decision, or None."""
    return _one(conn, decisions.c.id == decision_id)


def causes_of(conn: Connection, decision_id: str) -> list[CauseRow]:
    """What a decision rests on, in the model's order."""
    rows = select(decision_causes).where(decision_causes.c.decision == decision_id).order_by(decision_causes.c.position)
    names = CauseRow.__dataclass_fields__
    return [CauseRow(**{name: row[name] for name in names}) for row in conn.execute(rows).mappings()]


def standing(conn: Connection, site: str, capability: str, subject: str) -> Decision | None:
    """What holds for a subject: its open proposal, else its newest conclusion; None before the first."""
    return _one(conn, _about(site, capability, subject), decisions.c.state.not_in(("superseded", "undecided")))


def undecided(conn: Connection, site: str, capability: str, subject: str) -> Decision | None:
    """The standing admission that a subject cannot be decided, if there is one."""
    return _one(conn, _about(site, capability, subject), decisions.c.state == "undecided")


def supersede(conn: Connection, older: Sequence[str], by: str) -> None:
    """The decisions `older` no longer stand; `by` does."""
    conn.execute(update(decisions).where(decisions.c.id.in_(older)).values(state="superseded", superseded_by=by))


def unreviewed(conn: Connection, site: str, capability: str, subject: str) -> list[Decision]:
    """What stands of a subject without a person's verdict: proposed, nothing or undecided."""
    open_states = decisions.c.state.in_(("proposed", "nothing", "undecided"))
    return _many(conn, _about(site, capability, subject), open_states)


def set_state(conn: Connection, decision_id: str, state: str) -> None:
    """What became of a decision."""
    conn.execute(update(decisions).where(decisions.c.id == decision_id).values(state=state))


def page(
    conn: Connection,
    site: str,
    *,
    states: Sequence[str] = (),
    capability: str | None = None,
    subject: str | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> list[Decision]:
    """Decisions of a site, newest first, after the (decided_at, id) of the last one of the page before."""
    wanted = [decisions.c.site == site]
    wanted += [decisions.c.state.in_(states)] if states else []
    wanted += [decisions.c.capability == capability] if capability else []
    wanted += [decisions.c.subject == subject] if subject else []
    if before is not None:
        earlier = decisions.c.decided_at < before[0]
        wanted.append(or_(earlier, and_(decisions.c.decided_at == before[0], decisions.c.id < before[1])))
    return _many(conn, *wanted, limit=limit)


def between(
    conn: Connection, site: str, capability: str, since: datetime, until: datetime, subject: str | None = None
) -> list[Decision]:
    """Decisions of a capability made from `since` until before `until`, newest first."""
    wanted = [decisions.c.site == site, decisions.c.capability == capability]
    wanted += [decisions.c.decided_at >= since, decisions.c.decided_at < until]
    wanted += [decisions.c.subject == subject] if subject else []
    return _many(conn, *wanted)


def rests_on_wrong_count(conn: Connection, decision_id: str) -> bool:
    """Whether a count behind the decision has been marked wrong since."""
    same_event = and_(counts.c.device == decision_causes.c.device, counts.c.sequence == decision_causes.c.sequence)
    wrong = exists().where(decision_causes.c.decision == decision_id, same_event, counts.c.wrong_at.is_not(None))
    return bool(conn.execute(select(wrong)).scalar_one())


def _about(site: str, capability: str, subject: str) -> ColumnElement[bool]:
    return and_(decisions.c.site == site, decisions.c.capability == capability, decisions.c.subject == subject)


def _one(conn: Connection, *wanted: ColumnElement[bool]) -> Decision | None:
    is_open = (decisions.c.state == "proposed").desc()
    row = conn.execute(select(decisions).where(*wanted).order_by(is_open, *_NEWEST).limit(1)).mappings().first()
    return None if row is None else Decision(**row)


def _many(conn: Connection, *wanted: ColumnElement[bool], limit: int | None = None) -> list[Decision]:
    rows = conn.execute(select(decisions).where(*wanted).order_by(*_NEWEST).limit(limit)).mappings()
    return [Decision(**row) for row in rows]


_NEWEST = (decisions.c.decided_at.desc(), decisions.c.id.desc())
