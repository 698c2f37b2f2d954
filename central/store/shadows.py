"""What the way that is not in charge would have decided, beside each decision that was made; it never acts."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Float, ForeignKey, String, Table, select

from central.store.decisions import Decision, decisions
from central.store.engine import upsert
from central.store.metadata import metadata
from central.store.types import Instant, Json

shadows = Table(
    "shadows",
    metadata,
    Column("decision", String, ForeignKey("decisions.id"), primary_key=True),
    Column("way", String, primary_key=True),  # that thought it: 'own' or the challenger's name
    Column("thought_at", Instant, nullable=False),
    Column("state", String, nullable=False),  # proposed | nothing | undecided
    Column("proposal", Json),
    Column("reasons", Json, nullable=False),
    Column("cost", Float),  # of its proposal, by the card's reckoning
    Column("acted_cost", Float),  # of the decision beside it, by the same reckoning
    Column("currency", String),
)


@dataclass(frozen=True, kw_only=True)
class Shadow:
    """A row of `shadows`."""

    decision: str
    way: str
    thought_at: datetime
    state: str
    proposal: dict[str, Any] | None
    reasons: list[dict[str, Any]]
    cost: float | None = None
    acted_cost: float | None = None
    currency: str | None = None


def put(conn: Connection, shadow: Shadow) -> None:
    """Keep this one, in place of what the same way thought beside the same decision before."""
    row = upsert(shadows).values(asdict(shadow))
    fresh = {c.name: row.excluded[c.name] for c in shadows.c if c.name not in ("decision", "way")}
    conn.execute(row.on_conflict_do_update(index_elements=["decision", "way"], set_=fresh))


def beside(conn: Connection, decision_id: str) -> list[Shadow]:
    """What was thought beside a decision."""
    rows = conn.execute(select(shadows).where(shadows.c.decision == decision_id)).mappings()
    return [Shadow(**row) for row in rows]


def pairs(conn: Connection, site: str, capability: str, way: str, since: datetime) -> list[tuple[Decision, Shadow]]:
    """Decisions of a capability since a moment, each with what `way` thought beside it, newest first."""
    mine = (decisions.c.site == site, decisions.c.capability == capability, shadows.c.way == way)
    of_both = decisions.join(shadows, shadows.c.decision == decisions.c.id)
    wanted = select(decisions, *(column.label(f"shadow_{column.name}") for column in shadows.c)).select_from(of_both)
    rows = conn.execute(wanted.where(*mine, shadows.c.thought_at >= since).order_by(shadows.c.thought_at.desc())).mappings()
    return [(Decision(**_part(row, decisions, "")), Shadow(**_part(row, shadows, "shadow_"))) for row in rows]


def _part(row: Any, table: Table, before: str) -> dict[str, Any]:
    return {column.name: row[before + column.name] for column in table.c}
