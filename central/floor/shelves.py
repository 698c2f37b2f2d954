"""What stands on each shelf: what should, what the book says, what was seen, and how sure that is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, func, select

from central.store.catalogue import items, shelves
from central.store.counts import counts
from central.store.positions import positions

State = Literal["full", "low", "empty", "differs", "unseen", "unlisted"]
STATES: tuple[State, ...] = ("differs", "empty", "low", "full", "unseen", "unlisted")
SEEN_LATELY = timedelta(minutes=30)
LOW_SHARE = 0.3  # of the capacity
NOTABLE_DIFFERENCE = 2  # units: one may be a carton in somebody's hands


@dataclass(frozen=True, kw_only=True)
class ShelfStock:
    """One place and its item. `counted` is the newest trusted count with the movements since it, never below 0.

    A place that the house file does not name has no facings and no aisle: what is known of it was counted or booked.
    """

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
    def is_planned(self) -> bool:
        """Whether the house file says what should stand here."""
        return self.facings > 0

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
        return None if self.difference is None or not self.currency else self.difference * self.unit_cost

    def state(self, now: datetime) -> State:
        """The one thing most worth knowing."""
        if not self.is_planned:
            return "unlisted"
        if self.counted is None or self.counted_at is None or now - self.counted_at > SEEN_LATELY:
            return "unseen"
        if self.counted <= 0:
            return "empty"
        if abs(self.difference or 0) >= NOTABLE_DIFFERENCE:
            return "differs"
        return "low" if self.counted <= LOW_SHARE * self.capacity else "full"


def all_shelves(conn: Connection, site: str) -> list[ShelfStock]:
    """Every place of a site that the house file names, aisle by aisle."""
    return [ShelfStock(**row) for row in conn.execute(_planned(site)).mappings()]


def unplanned_places(conn: Connection, site: str) -> list[ShelfStock]:
    """Places where something was counted or booked that the house file does not name."""
    return [_unplanned_place(row) for row in conn.execute(_unplanned(site)).mappings()]


def shelf_at(conn: Connection, site: str, location: str) -> ShelfStock | None:
    """The place of that name, if anything is known of it."""
    row = conn.execute(_planned(site).where(shelves.c.location == location)).mappings().first()
    if row is not None:
        return ShelfStock(**row)
    row = conn.execute(_unplanned(site).where(positions.c.location == location)).mappings().first()
    return None if row is None else _unplanned_place(row)


_PLACE = (shelves.c.location, shelves.c.label, shelves.c.aisle, shelves.c.sku, shelves.c.facings, shelves.c.depth)
_ITEM = (items.c.label.label("item"), items.c.unit_cost, items.c.currency)
_LEFT = func.max(positions.c.counted, 0).label("counted")  # more may be sold than was seen; less than nothing cannot stand
_SEEN = (_LEFT, positions.c.counted_at, positions.c.count_id)
_COUNT = (counts.c.confidence, counts.c.device, counts.c.sequence)


def _here() -> ColumnElement[bool]:
    same = (positions.c.site == shelves.c.site, positions.c.location == shelves.c.location, positions.c.sku == shelves.c.sku)
    return and_(*same)


def _planned(site: str) -> Select[*tuple[object, ...]]:
    joined = shelves.join(items).outerjoin(positions, _here()).outerjoin(counts, counts.c.id == positions.c.count_id)
    return (
        select(*_PLACE, shelves.c.camera, *_ITEM, positions.c.book, *_SEEN, *_COUNT)
        .select_from(joined)
        .where(shelves.c.site == site)
        .order_by(shelves.c.aisle, shelves.c.location)
    )


def _unplanned(site: str) -> Select[*tuple[object, ...]]:
    joined = positions.outerjoin(shelves, _here()).outerjoin(items, items.c.sku == positions.c.sku)
    book = func.nullif(positions.c.book, 0).label("book")  # nobody booked anything here: unknown rather than none
    return (
        select(positions.c.location, positions.c.sku, *_ITEM, book, *_SEEN, *_COUNT)
        .select_from(joined.outerjoin(counts, counts.c.id == positions.c.count_id))
        .where(positions.c.site == site, shelves.c.location.is_(None))
        .order_by(positions.c.location, positions.c.counted_at.desc())
    )


def _unplanned_place(row: RowMapping) -> ShelfStock:
    known = {**row, "item": row["item"] or {}, "unit_cost": row["unit_cost"] or 0.0, "currency": row["currency"] or ""}
    return ShelfStock(label={}, aisle="", facings=0, depth=0, camera=None, **known)
