"""Units that customers brought back, by item and day (UTC): kept apart from sales, so that demand is never negative."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Column, Connection, Date, Float, String, Table, select

from central.store.engine import upsert
from central.store.metadata import metadata

daily_returns = Table(
    "daily_returns",
    metadata,
    Column("site", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("units", Float, nullable=False),
    sqlite_with_rowid=False,
)


def add(conn: Connection, site: str, units: Mapping[tuple[str, date], float]) -> None:
    """Add units brought back to the (sku, day) they came on; the caller adds each return once."""
    if not units:
        return
    row = upsert(daily_returns)
    grown = row.on_conflict_do_update(
        index_elements=["site", "sku", "day"], set_={"units": daily_returns.c.units + row.excluded.units}
    )
    conn.execute(grown, [{"site": site, "sku": sku, "day": day, "units": back} for (sku, day), back in units.items()])


def units_by_day(conn: Connection, site: str, sku: str, since: date, before: date) -> dict[date, float]:
    """Units of `sku` brought back on each day from `since` until before `before` that has a row."""
    c = daily_returns.c
    days = select(c.day, c.units).where(c.site == site, c.sku == sku, c.day >= since, c.day < before)
    return dict(conn.execute(days).all())
