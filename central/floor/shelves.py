"""What stands on each shelf: what should, what the book says, what was seen, and how sure that is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, Select, and_, select

from central.store.catalogue import items, shelves
from central.store.counts import counts
from central.store.positions import positions

State = Literal["full", "low", "empty", "differs", "unseen"]
STATES: tuple[State, ...] = ("differs", "empty", "low", "full", "unseen")
SEEN_LATELY = timedelta(minutes=30)
LOW_SHARE = 0.3  # of the capacity
NOTABLE_DIFFERENCE = 2  # units: one may be a carton in somebody's hands


@dataclass(frozen=True, kw_only=True)
class ShelfStock:
    """One place and its item. `counted` is the newest trusted count with the movements since it."""

    location: str
    label: dict[str, str]
    aisle: str
    sku: str
    item: dict[str, str]
    facings: int
    depth: int
    camera: str | None
    unit_cost: float
    currency: str
    book: int | None
    counted: int | None
    counted_at: datetime | None
    count_id: int | None
    confidence: float | None
    device: str | None
    sequence: int | None

    @property
    def capacity(self) -> int:
        """Units that fit."""
        return self.facings * self.depth

    @property
    def difference(self) -> int | None:
        """Counted minus book, None until both are known."""
        return None if self.counted is None or self.book is None else self.counted - self.book

    @property
    def worth(self) -> float | None:
        """The difference in money, at cost."""
        return None if self.difference is None else self.difference * self.unit_cost

    def state(self, now: datetime) -> State:
        """The one thing most worth knowing."""
        if self.counted is None or self.counted_at is None or now - self.counted_at > SEEN_LATELY:
            return "unseen"
        if self.counted <= 0:
            return "empty"
        if abs(self.difference or 0) >= NOTABLE_DIFFERENCE:
            return "differs"
        return "low" if self.counted <= LOW_SHARE * self.capacity else "full"


def all_shelves(conn: Connection, site: str) -> list[ShelfStock]:
    """Every place of a site, aisle by aisle."""
    return [ShelfStock(**row) for row in conn.execute(_stock(site)).mappings()]


def shelf_at(conn: Connection, site: str, location: str) -> ShelfStock | None:
    """The place of that name, if there is one."""
    row = conn.execute(_stock(site).where(shelves.c.location == location)).mappings().first()
    return None if row is None else ShelfStock(**row)


def _stock(site: str) -> Select[*tuple[object, ...]]:
    here = and_(
        positions.c.site == shelves.c.site, positions.c.location == shelves.c.location, positions.c.sku == shelves.c.sku
    )
    place = (shelves.c.location, shelves.c.label, shelves.c.aisle, shelves.c.sku, shelves.c.facings, shelves.c.depth)
    item = (items.c.label.label("item"), items.c.unit_cost, items.c.currency)
    seen = (positions.c.book, positions.c.counted, positions.c.counted_at, positions.c.count_id)
    count = (counts.c.confidence, counts.c.device, counts.c.sequence)
    joined = shelves.join(items).outerjoin(positions, here).outerjoin(counts, counts.c.id == positions.c.count_id)
    return (
        select(*place, shelves.c.camera, *item, *seen, *count)
        .select_from(joined)
        .where(shelves.c.site == site)
        .order_by(shelves.c.aisle, shelves.c.location)
    )
