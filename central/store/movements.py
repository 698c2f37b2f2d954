"""Sales, receipts, moves and adjustments: append-only and idempotent by id. The book is their sum."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Index, Integer, String, Table, func, select

from central.store.engine import among, upsert
from central.store.metadata import metadata
from central.store.positions import Place
from central.store.types import Instant

movements = Table(
    "movements",
    metadata,
    Column("id", String, primary_key=True),
    Column("site", String, nullable=False),
    Column("kind", String, nullable=False),  # sale | receipt | move | adjustment
    Column("sku", String, nullable=False),
    Column("location", String, nullable=False),
    Column("quantity", Integer, nullable=False),  # units, negative when stock leaves
    Column("occurred_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("source", String, nullable=False),  # token or person that posted it
    Column("reference", String),
    Index("ix_movements_site_location_sku_occurred_at", "site", "location", "sku", "occurred_at"),
)


@dataclass(frozen=True)
class Movement:
    """Units that came to a location, or left it (negative). kind: sale, receipt, move or adjustment."""

    id: str
    kind: str
    sku: str
    location: str
    quantity: int
    occurred_at: datetime
    reference: str | None = None


def append(conn: Connection, site: str, posted: Sequence[Movement], source: str, now: datetime) -> list[Movement]:
    """Insert those whose id is new. Returns them, in the order given."""
    if not posted:
        return []
    rows = [asdict(movement) | {"site": site, "received_at": now, "source": source} for movement in posted]
    statement = upsert(movements).on_conflict_do_nothing(index_elements=["id"]).returning(movements.c.id)
    new = set(conn.execute(statement, rows).scalars())
    first = {movement.id: movement for movement in reversed(posted)}
    return [movement for movement in first.values() if movement.id in new][::-1]


def moved_since_each(conn: Connection, site: str, moments: Mapping[Place, datetime]) -> dict[Place, int]:
    """Σ quantity at each place after the moment given for it; places where nothing moved are left out."""
    if not moments:
        return {}
    c = movements.c
    here = (c.site == site) & among((c.location, c.sku), list(moments))
    rows = select(c.location, c.sku, c.occurred_at, c.quantity).where(here, c.occurred_at > min(moments.values()))
    moved: dict[Place, int] = {}
    for location, sku, occurred_at, quantity in conn.execute(rows):
        if occurred_at > moments[location, sku]:
            moved[location, sku] = moved.get((location, sku), 0) + quantity
    return moved


def moved_since(conn: Connection, site: str, location: str, sku: str, moment: datetime) -> int:
    """Σ quantity of what occurred at a place after `moment`."""
    c = movements.c
    total = func.coalesce(func.sum(c.quantity), 0)
    query = select(total).where(c.site == site, c.location == location, c.sku == sku, c.occurred_at > moment)
    return int(conn.execute(query).scalar_one())
