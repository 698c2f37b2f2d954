"""What was ordered of suppliers: when, promised for when, and when how much of it came. One row a line of an order."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Float, Index, Integer, Select, String, Table, select

from central.store.engine import among, put_rows
from central.store.metadata import metadata
from central.store.types import Instant

purchase_orders = Table(
    "purchase_orders",
    metadata,
    Column("site", String, primary_key=True),
    Column("order", String, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("supplier", String, nullable=False),
    Column("sku", String, nullable=False),
    Column("units_ordered", Integer, nullable=False),
    Column("units_received", Integer, nullable=False),
    Column("unit_price", Float),
    Column("currency", String),
    Column("ordered_at", Instant, nullable=False),
    Column("promised_at", Instant),
    Column("received_at", Instant),
    Index("ix_purchase_orders_sku", "site", "sku", "ordered_at"),
    Index("ix_purchase_orders_supplier", "site", "supplier", "ordered_at"),
)


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """One line of a purchase order. `received_at`: when its last goods came; None while more are to come."""

    order: str
    line: int
    supplier: str
    sku: str
    units_ordered: int
    ordered_at: datetime
    units_received: int = 0
    promised_at: datetime | None = None
    received_at: datetime | None = None
    unit_price: float | None = None
    currency: str | None = None

    @property
    def lead_time_d(self) -> float | None:
        """Days from order to the last receipt; None while more is to come."""
        return None if self.received_at is None else (self.received_at - self.ordered_at).total_seconds() / 86400

    @property
    def late_d(self) -> float | None:
        """Days after the promise, negative when early; None without a promise or a receipt."""
        if self.received_at is None or self.promised_at is None:
            return None
        return (self.received_at - self.promised_at).total_seconds() / 86400

    @property
    def units_to_come(self) -> int:
        """Ordered and not received yet; nothing more comes of a line that ended, were it short."""
        return 0 if self.received_at is not None else max(self.units_ordered - self.units_received, 0)


def put(conn: Connection, site: str, lines: Iterable[OrderLine]) -> None:
    """Insert or overwrite, by order and line."""
    put_rows(conn, purchase_orders, [asdict(line) | {"site": site} for line in lines])


def known(conn: Connection, site: str, wanted: Collection[tuple[str, int]]) -> list[OrderLine]:
    """The lines on record among these orders and lines."""
    c = purchase_orders.c
    return _lines(conn, select(purchase_orders).where(c.site == site, among((c.order, c.line), wanted)), None, None)


def received(
    conn: Connection, site: str, since: datetime, *, supplier: str | None = None, sku: str | None = None
) -> list[OrderLine]:
    """Lines that came, ordered at `since` or later; oldest order first. What lead times are learned from."""
    c = purchase_orders.c
    query = select(purchase_orders).where(c.site == site, c.received_at.is_not(None), c.ordered_at >= since)
    return _lines(conn, query, supplier, sku)


def outstanding(conn: Connection, site: str, *, supplier: str | None = None, sku: str | None = None) -> list[OrderLine]:
    """Lines of which units are still to come, oldest order first."""
    c = purchase_orders.c
    query = select(purchase_orders).where(c.site == site, c.received_at.is_(None), c.units_received < c.units_ordered)
    return _lines(conn, query, supplier, sku)


def _lines(conn: Connection, query: Select[Any], supplier: str | None, sku: str | None) -> list[OrderLine]:
    c = purchase_orders.c
    if supplier is not None:
        query = query.where(c.supplier == supplier)
    if sku is not None:
        query = query.where(c.sku == sku)
    rows = conn.execute(query.order_by(c.ordered_at, c.order, c.line)).mappings()
    return [OrderLine(**{name: value for name, value in row.items() if name != "site"}) for row in rows]
