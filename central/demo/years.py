"""The company's years, put into the store: sales and returns, what shelves offered, prices, promotions, orders, terms."""

from collections.abc import Sequence
from datetime import datetime
from zlib import crc32

import numpy as np
from sqlalchemy import Connection

from central.demo import buying, history
from central.demo.buying import Delivery
from central.demo.history import Past
from central.demo.trade import CURRENCY, Trade, Traded
from central.store import (
    availability,
    catalogue,
    demand,
    item_traits,
    prices,
    promotions,
    purchase_orders,
    returns,
    supplier_terms,
)
from central.store.availability import Available
from central.store.catalogue import Supplier
from central.store.item_traits import ItemTraits
from central.store.supplier_terms import SupplierRules

CAMERAS_SINCE_D = 365
OPEN_H = 14.0


def live_through(conn: Connection, site: str, company: Trade, now: datetime, seed: int) -> None:
    """Load all of it; the same seed and day give the same years."""
    catalogue.put(conn, [supplier.record() for supplier in company.suppliers])
    catalogue.put(conn, [item.record() for item in company.items if not item.is_seen])
    supplier_terms.put_rules(conn, [_rules(company, each) for each in catalogue.all_of(conn, Supplier)])
    deliveries = _deliveries(conn, company)
    for item in company.items:
        rng = np.random.default_rng([seed, crc32(item.sku.encode())])
        lived = history.past(item, now.date(), rng)
        _put_days(conn, site, item, lived)
        _put_traits(conn, item, lived)
        supplier_terms.put(conn, buying.terms(item, now))
        purchase_orders.put(conn, site, buying.orders(item, lived, deliveries, now, rng))


def _put_days(conn: Connection, site: str, item: Traded, lived: Past) -> None:
    began = _first_sale(lived)
    days = lived.days[began:]
    demand.add(conn, site, {(item.sku, day): float(n) for day, n in zip(days, lived.sold[began:], strict=True)})
    back = zip(days, lived.returned[began:], strict=True)
    returns.add(conn, site, {(item.sku, day): float(n) for day, n in back if n})
    prices.put(conn, site, lived.prices)
    promotions.put(conn, site, lived.promotions)
    if item.is_seen:
        watched = list(zip(lived.days, lived.available, strict=True))[-CAMERAS_SINCE_D:]
        availability.put(conn, site, [Available(item.sku, day, round(float(share), 3), OPEN_H) for day, share in watched])


def _put_traits(conn: Connection, item: Traded, lived: Past) -> None:
    sold = np.flatnonzero(lived.sold)
    is_over = item.pattern == "delisted"
    traits = ItemTraits(
        sku=item.sku,
        category=item.category,
        brand=item.brand,
        launched_on=lived.days[int(sold[0])] if item.pattern == "new" and len(sold) else None,
        delisted_on=lived.days[int(sold[-1])] if is_over and len(sold) else None,
    )
    item_traits.put(conn, [traits])


def _first_sale(lived: Past) -> int:
    sold: Sequence[int] = np.flatnonzero(lived.sold).tolist()
    return sold[0] if sold else len(lived.days)


def _deliveries(conn: Connection, company: Trade) -> dict[str, Delivery]:
    drifts = {supplier.id: supplier.drift for supplier in company.suppliers}
    return {
        each.supplier: Delivery(each.lead_time_d, max(each.lead_time_sd_d, 0.01), drifts.get(each.supplier, 0.0))
        for each in catalogue.all_of(conn, Supplier)
    }


def _rules(company: Trade, supplier: Supplier) -> SupplierRules:
    for each in company.suppliers:
        if each.id == supplier.supplier:
            return SupplierRules(
                supplier=each.id,
                currency=CURRENCY,
                min_order_value=each.min_order_value,
                order_weekdays=tuple(each.order_weekdays),
                freight_per_order=each.freight_per_order,
                transport=each.transport,
            )
    return SupplierRules(supplier=supplier.supplier, currency=CURRENCY, transport="local")
