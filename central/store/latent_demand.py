"""Demand behind sales, by item and day (UTC), where a shelf was seen empty: what was sold and what most likely was not.

Days without a row had no shortage that anybody saw: their demand is what was sold.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Column, Connection, Date, Float, String, Table, select

from central.store.engine import put_rows
from central.store.metadata import metadata

latent_demand = Table(
    "latent_demand",
    metadata,
    Column("site", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("share", Float, nullable=False),
    Column("sold", Float, nullable=False),
    Column("demand", Float, nullable=False),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True)
class Latent:
    """One item on one day. share: of the open hours in which it could be bought; sold, demand: units."""

    sku: str
    day: date
    share: float
    sold: float
    demand: float


def put(conn: Connection, site: str, found: Iterable[Latent]) -> None:
    """Insert or overwrite, by item and day."""
    put_rows(conn, latent_demand, [asdict(each) | {"site": site} for each in found])


def since(conn: Connection, site: str, sku: str, day: date) -> list[Latent]:
    """Days of an item from `day` on that were short, oldest first."""
    c = latent_demand.c
    query = select(c.sku, c.day, c.share, c.sold, c.demand).where(c.site == site, c.sku == sku, c.day >= day)
    return [Latent(*row) for row in conn.execute(query.order_by(c.day))]
