"""Who is in charge of a capability: its own way or its challenger, by whose word, and why. Every verdict is kept."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Index, Integer, String, Table, insert, select

from central.store.metadata import metadata
from central.store.types import Instant

contests = Table(
    "contests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("capability", String, nullable=False),
    Column("challenger", String, nullable=False),
    Column("verdict", String, nullable=False),  # promoted | rejected | reopened
    Column("reason", String, nullable=False),
    Column("person", String, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Index("ix_contests_capability_challenger", "capability", "challenger"),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a person said of a challenger."""

    capability: str
    challenger: str
    verdict: str
    reason: str
    person: str
    decided_at: datetime


def add(conn: Connection, verdict: Verdict) -> None:
    """From now on this holds."""
    conn.execute(insert(contests).values(asdict(verdict)))


def newest(conn: Connection, capability: str, challenger: str) -> Verdict | None:
    """What holds of a challenger; None while nobody said anything: it is in shadow."""
    mine = (contests.c.capability == capability, contests.c.challenger == challenger)
    columns = [contests.c[name] for name in Verdict.__dataclass_fields__]
    row = conn.execute(select(*columns).where(*mine).order_by(contests.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else Verdict(**row)
