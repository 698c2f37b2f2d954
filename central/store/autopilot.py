"""What a capability may approve alone at a site: limits, and whether it has paused itself. No row: nothing."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Boolean, Column, Connection, Float, Integer, String, Table, func, select, update

from central.store import house
from central.store.decisions import decisions
from central.store.engine import upsert
from central.store.metadata import metadata
from central.store.reviews import reviews
from central.store.types import Instant

AUTOPILOT = "autopilot"  # who it is in reviews and in the audit
STOPPED = "autopilot_stopped"

autopilot_rules = Table(
    "autopilot_rules",
    metadata,
    Column("site", String, primary_key=True),
    Column("capability", String, primary_key=True),
    Column("is_on", Boolean, nullable=False),
    Column("most_effect", Float, nullable=False),  # money that one approval may move
    Column("most_effect_a_day", Float, nullable=False),  # that all of 24 hours may move
    Column("currency", String, nullable=False),
    Column("most_quantity", Float),  # in the field that the card names
    Column("least_confidence", Float, nullable=False),  # 0..1
    Column("undo_minutes", Float, nullable=False),  # for which a person may take an approval back
    Column("pause_after", Integer, nullable=False),  # that many taken back
    Column("changed_by", String, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("taken_back", Integer, nullable=False),  # since it was last changed
    Column("paused_at", Instant),
)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A row of `autopilot_rules`."""

    site: str
    capability: str
    is_on: bool
    most_effect: float
    most_effect_a_day: float
    currency: str
    most_quantity: float | None
    least_confidence: float
    undo_minutes: float
    pause_after: int
    changed_by: str
    changed_at: datetime
    taken_back: int = 0
    paused_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """On, and not paused by itself."""
        return self.is_on and self.paused_at is None


def rule(conn: Connection, site: str, capability: str) -> Rule | None:
    """The rule of a capability at a site; None: it approves nothing alone."""
    c = autopilot_rules.c
    row = conn.execute(select(autopilot_rules).where(c.site == site, c.capability == capability)).mappings().first()
    return None if row is None else Rule(**row)


def put(conn: Connection, changed: Rule) -> None:
    """This rule holds from now on."""
    row = upsert(autopilot_rules).values(asdict(changed))
    fresh = {c.name: row.excluded[c.name] for c in autopilot_rules.c if c.name not in ("site", "capability")}
    conn.execute(row.on_conflict_do_update(index_elements=["site", "capability"], set_=fresh))


def note_taken_back(conn: Connection, site: str, capability: str) -> int:
    """One more approval was taken back; how many that makes."""
    c = autopilot_rules.c
    mine = (c.site == site, c.capability == capability)
    conn.execute(update(autopilot_rules).where(*mine).values(taken_back=c.taken_back + 1))
    return conn.execute(select(c.taken_back).where(*mine)).scalar() or 0


def pause(conn: Connection, site: str, capability: str, now: datetime) -> None:
    """It approves nothing more until a person changes the rule."""
    c = autopilot_rules.c
    conn.execute(update(autopilot_rules).where(c.site == site, c.capability == capability).values(paused_at=now))


def moved_since(conn: Connection, site: str, capability: str, since: datetime) -> float:
    """Money that its approvals since a moment move, spent or saved, those taken back left out."""
    both = reviews.join(decisions, decisions.c.id == reviews.c.decision)
    own = (reviews.c.person == AUTOPILOT, reviews.c.undone_at.is_(None), reviews.c.reviewed_at > since)
    mine = (decisions.c.site == site, decisions.c.capability == capability)
    total = select(func.sum(func.abs(decisions.c.effect))).select_from(both).where(*own, *mine)
    return float(conn.execute(total).scalar() or 0.0)


def stopped_by(conn: Connection) -> str | None:
    """Who pulled the switch that stops every autopilot of the house; None when nobody did."""
    return house.value(conn, STOPPED) or None


def set_stopped(conn: Connection, person: str | None) -> None:
    """Stop every autopilot of the house in the name of a person, or let them go on (None)."""
    house.put(conn, STOPPED, person or "")
