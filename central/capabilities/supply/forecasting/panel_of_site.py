"""What the store knows of every item at a site, as days side by side: sales, availability, promotions and prices by plan.

Promotions and prices of days to come are those that are planned by now: nothing else of the future is known.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from math import ceil, log, pi

import numpy as np
from sqlalchemy import Connection, select

from central.capabilities.supply.forecasting.lessons import WEEK_D, Days
from central.capabilities.supply.forecasting.model import Params
from central.methods.forecasting.panel import Floats, Inputs
from central.store import catalogue, demand, promotions, supplier_terms
from central.store.availability import availability
from central.store.catalogue import Item, Supplier
from central.store.demand import daily_demand
from central.store.prices import prices

YEAR_D = 365.25
USUAL_LEAD_D = 7.0
NAMES = ("promoted", "discount", "displayed", "price", "year_sin", "year_cos")


def days_of(conn: Connection, site: str, params: Params, today: date) -> Days:
    """The site's complete days before `today`, with plans for the days after."""
    known = demand.trading_days(conn, site, today, params.history_d)
    first = max(known[0], today - timedelta(days=params.history_d)) if known else today
    count, planned = (today - first).days, params.weeks * WEEK_D
    leads = lead_days(conn, params)
    sales, skus = _sales(conn, site, first, count, set(known))
    planned = max(planned, *(leads.get(sku, _usual(params)) for sku in skus)) if skus else planned
    return Days(
        today,
        skus,
        sales,
        _available(conn, site, first, count, skus),
        _plans(conn, site, first, count + planned, skus),
        tuple(leads.get(sku, _usual(params)) for sku in skus),
        params.weeks,
    )


def lead_days(conn: Connection, params: Params) -> dict[str, int]:
    """Item → whole days of its supplier's lead time and of review."""
    suppliers = {each.supplier: each.lead_time_d for each in catalogue.all_of(conn, Supplier)}
    items = catalogue.all_of(conn, Item)
    terms = supplier_terms.of_items(conn, [item.sku for item in items])
    own = {
        (sku, each.supplier): each.lead_time_d
        for sku, offers in terms.items()
        for each in offers
        if each.lead_time_d is not None
    }
    usual = {item.sku: suppliers.get(item.supplier, USUAL_LEAD_D) for item in items}
    return {item.sku: max(ceil(own.get((item.sku, item.supplier), usual[item.sku]) + params.review_d), 1) for item in items}


def _usual(params: Params) -> int:
    return ceil(USUAL_LEAD_D + params.review_d)


def _sales(conn: Connection, site: str, first: date, count: int, trading: set[date]) -> tuple[Floats, tuple[str, ...]]:
    """(n, t): a day on which the site sold, but not this item, is a zero; days before its first sale are unknown."""
    c = daily_demand.c
    rows = conn.execute(select(c.sku, c.day, c.units).where(c.site == site, c.day >= first).order_by(c.sku)).all()
    before = first + timedelta(days=count)
    skus = tuple(sorted({sku for sku, day, _ in rows if day < before}))
    place = {sku: at for at, sku in enumerate(skus)}
    sold = np.zeros((len(skus), count))
    began = np.full(len(skus), count)
    for sku, day, units in rows:
        at = (day - first).days
        if at < count and sku in place:
            sold[place[sku], at] += units
            began[place[sku]] = min(began[place[sku]], at)
    closed = np.array([first + timedelta(days=at) not in trading for at in range(count)], dtype=bool)
    sold[:, closed] = np.nan
    sold[np.arange(count)[None, :] < began[:, None]] = np.nan
    return sold, skus


def _available(conn: Connection, site: str, first: date, count: int, skus: Sequence[str]) -> Floats:
    c = availability.c
    place = {sku: at for at, sku in enumerate(skus)}
    found = np.full((len(skus), count), np.nan)
    for sku, day, share in conn.execute(select(c.sku, c.day, c.share).where(c.site == site, c.day >= first)):
        at = (day - first).days
        if at < count and sku in place:
            found[place[sku], at] = min(max(share, 0.0), 1.0)
    return found


def _plans(conn: Connection, site: str, first: date, count: int, skus: Sequence[str]) -> Inputs:
    place = {sku: at for at, sku in enumerate(skus)}
    values = np.zeros((len(skus), count, len(NAMES)))
    for each in promotions.between(conn, site, first, first + timedelta(days=count - 1)) if count else ():
        if each.sku in place:
            start, end = max((each.from_day - first).days, 0), (each.until_day - first).days + 1
            values[place[each.sku], start:end, :3] = (1.0, each.discount or 0.0, float(each.display or each.mailer))
    values[:, :, 3] = _prices(conn, site, first, count, place)
    turn = np.array([2 * pi * (first + timedelta(days=at)).timetuple().tm_yday / YEAR_D for at in range(count)])
    values[:, :, 4], values[:, :, 5] = np.sin(turn), np.cos(turn)
    return Inputs(values, NAMES, ("promotion", "promotion", "promotion", "price", "calendar", "calendar"))


def _prices(conn: Connection, site: str, first: date, count: int, place: dict[str, int]) -> Floats:
    """(n, t) logarithm of the shelf price over the item's first; 0 where none is known."""
    c = prices.c
    found, base = np.zeros((len(place), count)), dict[str, float]()
    for sku, day, price in conn.execute(select(c.sku, c.from_day, c.price).where(c.site == site).order_by(c.from_day)):
        if sku in place and price > 0:
            base.setdefault(sku, price)
            found[place[sku], max((day - first).days, 0) :] = log(price / base[sku])
    return found
