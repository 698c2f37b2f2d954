"""Units sold by item and day (UTC): complete days only count as history."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Column, Connection, Date, Float, String, Table, func, select

from central.store.engine import upsert
from central.store.metadata import metadata

daily_demand = Table(
    "daily_demand",
    metadata,
    Column("site", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("units", Float, nullable=False),
    sqlite_with_rowid=False,
)


def add(conn: Connection, site: str, units: Mapping[tuple[str, date], float]) -> None:
    """Add units sold to the (sku, day) they were sold on; the caller adds each sale once."""
    if not units:
        return
    row = upsert(daily_demand)
    grown = row.on_conflict_do_update(
        index_elements=["site", "sku", "day"], set_={"units": daily_demand.c.units + row.excluded.units}
    )
    conn.execute(grown, [{"site": site, "sku": sku, "day": day, "units": sold} for (sku, day), sold in units.items()])


def trading_days(conn: Connection, site: str, before: date, limit: int) -> list[date]:
    """The last `limit` days before `before` on which the site sold anything, oldest first."""
    days = (
        select(daily_demand.c.day)
        .where(daily_demand.c.site == site, daily_demand.c.day < before, daily_demand.c.units > 0)
        .group_by(daily_demand.c.day)
        .order_by(daily_demand.c.day.desc())
        .limit(limit)
    )
    return sorted(conn.execute(days).scalars())


def units_by_day(conn: Connection, site: str, sku: str, since: date, before: date) -> dict[date, float]:
    """Units of `sku` sold on each day from `since` until before `before` that has a row."""
    mine = (daily_demand.c.site == site, daily_demand.c.sku == sku)
    days = select(daily_demand.c.day, daily_demand.c.units).where(
        *mine, daily_demand.c.day >= since, daily_demand.c.day < before
    )
    return dict(conn.execute(days).all())


def first_day(conn: Connection, site: str, sku: str) -> date | None:
    """The day the item was first on sale; None when it never was."""
    mine = (daily_demand.c.site == site, daily_demand.c.sku == sku)
    day: date | None = conn.execute(select(func.min(daily_demand.c.day)).where(*mine)).scalar_one()
    return day
