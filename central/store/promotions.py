"""What is or was promoted, where and when: the calendar that forecasts know before the day comes. One row a promotion."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import Boolean, Column, Connection, Date, Float, Index, String, Table, select

from central.store.engine import put_rows
from central.store.metadata import metadata

promotions = Table(
    "promotions",
    metadata,
    Column("site", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("from_day", Date, primary_key=True),
    Column("kind", String, primary_key=True),  # price | display | mailer | bundle | other
    Column("until_day", Date, nullable=False),
    Column("price", Float),
    Column("discount", Float),
    Column("display", Boolean, nullable=False),
    Column("mailer", Boolean, nullable=False),
    Index("ix_promotions_site_until_day", "site", "until_day"),
)
KINDS = ("price", "display", "mailer", "bundle", "other")


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """An item promoted from a day until another, both inclusive. price: a unit's; discount: share off in 0..1.

    `display`: it also stands in a second place; `mailer`: it is also in the leaflet or newsletter.
    """

    sku: str
    from_day: date
    until_day: date
    kind: str = "price"
    price: float | None = None
    discount: float | None = None
    display: bool = False
    mailer: bool = False


def put(conn: Connection, site: str, planned: Iterable[Promotion]) -> None:
    """Insert or overwrite, by item, first day and kind."""
    put_rows(conn, promotions, [asdict(each) | {"site": site} for each in planned])


def between(conn: Connection, site: str, since: date, until: date, sku: str | None = None) -> list[Promotion]:
    """Promotions that run on any day from `since` to `until`, both inclusive; of one item where `sku` is given."""
    c = promotions.c
    query = select(promotions).where(c.site == site, c.from_day <= until, c.until_day >= since)
    if sku is not None:
        query = query.where(c.sku == sku)
    rows = conn.execute(query.order_by(c.sku, c.from_day, c.kind)).mappings()
    return [Promotion(**{name: value for name, value in row.items() if name != "site"}) for row in rows]
