"""Shelf prices: what one unit costs a customer at a site from a day on, until the next price."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Column, Connection, Date, Float, String, Table, select

from central.store.engine import put_rows
from central.store.metadata import metadata

prices = Table(
    "prices",
    metadata,
    Column("site", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("from_day", Date, primary_key=True),
    Column("price", Float, nullable=False),
    Column("currency", String, nullable=False),
)


@dataclass(frozen=True)
class Price:
    """The regular price of one unit from a day on; promotions are kept apart."""

    sku: str
    from_day: date
    price: float
    currency: str


def put(conn: Connection, site: str, listed: Iterable[Price]) -> None:
    """Insert or overwrite, by item and day."""
    put_rows(conn, prices, [asdict(each) | {"site": site} for each in listed])


def history(conn: Connection, site: str, sku: str) -> list[Price]:
    """Every price an item had, oldest first."""
    c = prices.c
    query = select(c.sku, c.from_day, c.price, c.currency).where(c.site == site, c.sku == sku).order_by(c.from_day)
    return [Price(*row) for row in conn.execute(query)]


def on_day(conn: Connection, site: str, sku: str, day: date) -> Price | None:
    """The price that held on a day; None before the first."""
    c = prices.c
    mine = select(c.sku, c.from_day, c.price, c.currency).where(c.site == site, c.sku == sku, c.from_day <= day)
    row = conn.execute(mine.order_by(c.from_day.desc()).limit(1)).first()
    return None if row is None else Price(*row)
