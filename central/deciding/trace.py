"""From a decision down to the picture: decision → causes → the event behind each → its evidence. At most four levels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from central.deciding.outcome import Value
from central.store import decisions
from central.store.counts import counts
from central.store.decisions import CauseRow, Decision
from central.store.events import events
from central.store.evidence import evidence


@dataclass(frozen=True)
class Tree:
    """A fact and what it rests on. `source` is who or what said it; `link` is the key by which a door shows it.

    `kind` is 'decision', the kind of a cause, 'event' or 'evidence'. `is_wrong`: a person marked the count behind it wrong.
    """

    kind: str
    reference: str
    link: str
    at: datetime | None = None
    source: str | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    is_wrong: bool = False
    rests_on: tuple["Tree", ...] = ()


def trace(conn: Connection, decision_id: str) -> Tree | None:
    """The tree below a decision; None when there is none of that id."""
    decision = decisions.get(conn, decision_id)
    return None if decision is None else trace_of(conn, decision)


def trace_of(conn: Connection, decision: Decision) -> Tree:
    """The tree below a decision."""
    causes = tuple(_cause(conn, cause) for cause in decisions.causes_of(conn, decision.id))
    return Tree(
        "decision", decision.id, f"decision/{decision.id}", decision.decided_at, decision.capability, rests_on=causes
    )


def _cause(conn: Connection, cause: CauseRow) -> Tree:
    event = _event(conn, cause.device, cause.sequence) if cause.device and cause.sequence else None
    return Tree(
        cause.kind,
        cause.reference,
        f"{cause.kind}/{cause.reference}",
        event.at if event else None,
        event.source if event else None,
        cause.values,
        is_wrong=cause.kind == "count" and _is_wrong(conn, cause),
        rests_on=(event,) if event else (),
    )


def _is_wrong(conn: Connection, cause: CauseRow) -> bool:
    same = (counts.c.device == cause.device, counts.c.sequence == cause.sequence)
    return conn.execute(select(counts.c.id).where(*same, counts.c.wrong_at.is_not(None))).first() is not None


def _event(conn: Connection, device: str, sequence: int) -> Tree | None:
    columns = (events.c.id, events.c.kind, events.c.occurred_at, events.c.model, events.c.evidence)
    row = conn.execute(select(*columns).where(events.c.device == device, events.c.sequence == sequence)).first()
    if row is None:
        return None
    below = (_evidence(conn, row.evidence),) if row.evidence else ()
    values = {"kind": row.kind, "model": row.model}
    return Tree("event", row.id, f"event/{device}/{sequence}", row.occurred_at, device, values, rests_on=below)


def _evidence(conn: Connection, sha256: str) -> Tree:
    columns = (evidence.c.taken_at, evidence.c.media_type, evidence.c.device)
    row = conn.execute(select(*columns).where(evidence.c.sha256 == sha256)).first()
    if row is None:  # named by the event, not arrived yet
        return Tree("evidence", sha256, f"evidence/{sha256}")
    return Tree("evidence", sha256, f"evidence/{sha256}", row.taken_at, row.device, {"media_type": row.media_type})
