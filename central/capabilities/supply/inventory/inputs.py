"""What is known about one item at one site: positions, open orders, sales, the supplier; each with the fact behind it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from central.capabilities.supply.inventory import reorder
from central.capabilities.supply.inventory.expectation import expectation
from central.capabilities.supply.inventory.model import Inputs, Params, Shelf, Supply
from central.deciding.capability import Subject
from central.deciding.outcome import Cause, Value
from central.store import catalogue, demand, reviews
from central.store.counts import counts
from central.store.movements import movements
from central.store.positions import positions

CAPABILITY = "supply.inventory"


def gather(conn: Connection, item: Subject, params: Params, now: datetime) -> Inputs:
    """Everything `decide` needs, as of `now`."""
    shelves, stock_causes = _shelves(conn, item, params, now)
    supply, supply_causes = _supply(conn, item)
    sold, demand_causes = _daily_demand(conn, item, params, now)
    since = now - timedelta(days=params.overdue_d + (supply.lead_time_d if supply else 0))
    on_order, order_causes = _on_order(conn, item, since)
    wait_d = supply.lead_time_d + params.review_d if supply else params.review_d
    told, told_causes = expectation(conn, item, wait_d, now)
    return Inputs(
        as_of=now,
        causes=(*stock_causes, *order_causes, *demand_causes, *told_causes, *supply_causes),
        sku=item.key,
        shelves=shelves,
        on_order=on_order,
        daily_demand=sold,
        supply=supply,
        expected=told,
    )


def items_at(conn: Connection, site: str) -> list[str]:
    """Every item that has a place or stock at a site."""
    placed = select(catalogue.shelves.c.sku).where(catalogue.shelves.c.site == site)
    stocked = select(positions.c.sku).where(positions.c.site == site)
    return sorted(conn.execute(placed.union(stocked)).scalars())


def _shelves(conn: Connection, item: Subject, params: Params, now: datetime) -> tuple[tuple[Shelf, ...], list[Cause]]:
    here = (positions.c.site == item.site, positions.c.sku == item.key)
    columns = (positions.c.location, positions.c.book, positions.c.counted, positions.c.counted_at)
    behind = (counts.c.id, counts.c.units, counts.c.confidence, counts.c.device, counts.c.sequence)
    rows = conn.execute(
        select(*columns, *behind)
        .outerjoin_from(positions, counts, counts.c.id == positions.c.count_id)
        .where(*here)
        .order_by(positions.c.location)
    ).all()
    shelves = tuple(
        Shelf(
            location=row.location,
            book=row.book,
            counted=row.counted,
            counted_at=row.counted_at,
            confidence=row.confidence,
        )
        for row in rows
    )
    used = zip(rows, shelves, strict=True)
    return shelves, [_stock_cause(row, item.key, shelf.is_fresh(now, params.fresh_for_h)) for row, shelf in used]


def _stock_cause(row: Row[*tuple[Any, ...]], sku: str, is_fresh: bool) -> Cause:
    if not is_fresh:
        return Cause("book", f"{row.location}/{sku}", values={"location": row.location, "book": row.book})
    seen = {"location": row.location, "units": row.units, "counted_at": row.counted_at.isoformat()}
    return Cause("count", str(row.id), row.device, row.sequence, seen | {"confidence": row.confidence})


def _supply(conn: Connection, subject: Subject) -> tuple[Supply | None, list[Cause]]:
    item = catalogue.item(conn, subject.key)
    supplier = catalogue.supplier(conn, item.supplier) if item else None
    if item is None or supplier is None:
        return None, []
    supply = Supply(
        supplier=supplier.supplier,
        label=supplier.label,
        lead_time_d=supplier.lead_time_d,
        lead_time_sd_d=supplier.lead_time_sd_d,
        pack_size=item.pack_size,
        unit_cost=item.unit_cost,
        currency=item.currency,
    )
    values: dict[str, Value] = {"supplier": supplier.label}
    values |= {"lead_time_d": supply.lead_time_d, "lead_time_sd_d": supply.lead_time_sd_d}
    return supply, [Cause("lead_time", supplier.supplier, values=values)]


def _daily_demand(conn: Connection, item: Subject, params: Params, now: datetime) -> tuple[tuple[float, ...], list[Cause]]:
    """Units sold on the last complete trading days. A day on which the site sold, but not this item, is a zero; a day on
    which the site sold nothing is none; days before the item was first sold do not count."""
    today = now.astimezone(UTC).date()
    first = demand.first_day(conn, item.site, item.key) or date.max
    days = [day for day in demand.trading_days(conn, item.site, today, params.history_d) if day >= first]
    if not days:
        return (), []
    sold = demand.units_by_day(conn, item.site, item.key, days[0], today)
    units = tuple(sold.get(day, 0.0) for day in days)
    mean = round(sum(units) / len(days), 2)
    values: dict[str, Value] = {
        "days": len(days),
        "from_day": days[0].isoformat(),
        "to_day": days[-1].isoformat(),
        "demand": mean,
    }
    return units, [Cause("demand", item.key, values=values)]


def _on_order(conn: Connection, item: Subject, since: datetime) -> tuple[int, list[Cause]]:
    orders = reviews.accepted(conn, item.site, CAPABILITY, item.key, since)
    ordered = [(review.reviewed_at, int(proposal["units"])) for review, proposal in orders]
    to_come = reorder.outstanding(ordered, _receipts(conn, item, since))
    causes = [
        Cause("order", review.decision, values={"units": left, "ordered_at": review.reviewed_at.isoformat()})
        for (review, _), left in zip(orders, to_come, strict=True)
        if left
    ]
    return sum(to_come), causes


def _receipts(conn: Connection, item: Subject, since: datetime) -> list[tuple[datetime, int]]:
    came = (movements.c.kind == "receipt", movements.c.occurred_at >= since)
    mine = (movements.c.site == item.site, movements.c.sku == item.key)
    rows = select(movements.c.occurred_at, movements.c.quantity).where(*mine, *came)
    return [(at, units) for at, units in conn.execute(rows)]
