"""On what terms suppliers sell: rules that hold for a whole order, and the terms of each item.

An item has as many terms as suppliers that offer it; `catalogue.items.supplier` names the usual one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Float, Integer, String, Table, select

from central.store.engine import put_rows
from central.store.metadata import metadata
from central.store.types import Instant, Json

supplier_rules = Table(
    "supplier_rules",
    metadata,
    Column("supplier", String, primary_key=True),
    Column("currency", String, nullable=False),
    Column("min_order_value", Float, nullable=False),
    Column("order_weekdays", Json, nullable=False),
    Column("freight_per_order", Float, nullable=False),
    Column("transport", String),
)

supplier_terms = Table(
    "supplier_terms",
    metadata,
    Column("supplier", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("supplier_sku", String),
    Column("unit_price", Float, nullable=False),
    Column("currency", String, nullable=False),
    Column("price_breaks", Json, nullable=False),  # [[units, unit price], …]
    Column("min_units", Integer, nullable=False),
    Column("multiple", Integer, nullable=False),
    Column("layer_units", Integer),
    Column("pallet_units", Integer),
    Column("max_units", Integer),
    Column("lead_time_d", Float),
    Column("shelf_life_d", Float),
    Column("updated_at", Instant, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class SupplierRules:
    """What holds for an order as a whole. order_weekdays: 0 is Monday, empty means any day; money in `currency`.

    `transport` is the mode that lead times are pooled by (as in 'sea' or 'road'), where it is known.
    """

    supplier: str
    currency: str
    min_order_value: float = 0.0
    order_weekdays: tuple[int, ...] = ()
    freight_per_order: float = 0.0
    transport: str | None = None


@dataclass(frozen=True, kw_only=True)
class SupplierTerms:
    """One item at one supplier. Quantities in units; price_breaks: (from this many units, price a unit), ascending.

    `min_units` is the least of one order and `multiple` what it must be a multiple of (a pack; layers and pallets where
    known); `lead_time_d` overrides the supplier's own; `shelf_life_d` is what is left at receipt.
    """

    supplier: str
    sku: str
    unit_price: float
    currency: str
    updated_at: datetime
    supplier_sku: str | None = None
    price_breaks: tuple[tuple[int, float], ...] = ()
    min_units: int = 1
    multiple: int = 1
    layer_units: int | None = None
    pallet_units: int | None = None
    max_units: int | None = None
    lead_time_d: float | None = None
    shelf_life_d: float | None = None

    def price_of(self, units: int) -> float:
        """Price of one unit in an order of so many."""
        reached = [price for least, price in self.price_breaks if units >= least]
        return min([self.unit_price, *reached])


def put_rules(conn: Connection, rules: Iterable[SupplierRules]) -> None:
    """Insert or overwrite, by supplier."""
    put_rows(conn, supplier_rules, [asdict(each) for each in rules])


def put(conn: Connection, terms: Iterable[SupplierTerms]) -> None:
    """Insert or overwrite, by supplier and item."""
    put_rows(conn, supplier_terms, [asdict(each) for each in terms])


def rules_of(conn: Connection, supplier: str) -> SupplierRules | None:
    """What holds for every order at a supplier, if it is known."""
    found = conn.execute(select(supplier_rules).where(supplier_rules.c.supplier == supplier)).mappings().one_or_none()
    return None if found is None else SupplierRules(**{**found, "order_weekdays": tuple(found["order_weekdays"])})


def every_rules(conn: Connection) -> dict[str, SupplierRules]:
    """The rules of every supplier that has some."""
    rows = conn.execute(select(supplier_rules).order_by(supplier_rules.c.supplier)).mappings()
    return {row["supplier"]: SupplierRules(**{**row, "order_weekdays": tuple(row["order_weekdays"])}) for row in rows}


def of_item(conn: Connection, sku: str) -> list[SupplierTerms]:
    """Who offers an item and on what terms, by supplier."""
    return _read(conn, [sku])


def of_items(conn: Connection, skus: Sequence[str]) -> dict[str, list[SupplierTerms]]:
    """The same for many items; those that nobody offers are left out."""
    found: dict[str, list[SupplierTerms]] = {}
    for terms in _read(conn, skus):
        found.setdefault(terms.sku, []).append(terms)
    return found


def _read(conn: Connection, skus: Sequence[str]) -> list[SupplierTerms]:
    c = supplier_terms.c
    rows: list[SupplierTerms] = []
    for at in range(0, len(skus), 500):
        query = select(supplier_terms).where(c.sku.in_(skus[at : at + 500])).order_by(c.sku, c.supplier)
        rows += [
            SupplierTerms(**{**row, "price_breaks": _pairs(row["price_breaks"])}) for row in conn.execute(query).mappings()
        ]
    return rows


def _pairs(written: list[list[float]]) -> tuple[tuple[int, float], ...]:
    return tuple((int(units), float(price)) for units, price in written)
