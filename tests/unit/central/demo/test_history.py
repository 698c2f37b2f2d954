"""The demo's years: seeded, believable, and with all that makes forecasting hard."""

from datetime import date

import numpy as np
import pytest

from central.demo import company, history, trade
from central.demo.history import DAYS, PLANNED_D, QUIET_D, Past, past
from central.demo.trade import Traded
from central.house_file import read
from central.store.catalogue import Item

TODAY = date(2026, 11, 24)


def lived(pattern: str = "steady", *, daily: float = 12.0, is_seen: bool = False, season: float = 0.0) -> Past:
    """Three years of an item."""
    item = Traded(
        sku="thing",
        label={"en": "Thing"},
        supplier="mill",
        also=[],
        pack_size=6,
        unit_cost=1.0,
        price=2.0,
        category="home",
        brand="Mill",
        daily=daily,
        pattern=pattern,
        peak_day=190,
        season=season,
        is_seen=is_seen,
    )
    return past(item, TODAY, np.random.default_rng(7))


def test_the_same_seed_gives_the_same_years() -> None:
    """A demo is the same on every machine."""
    one, other = lived(), lived()
    assert one.sold.tolist() == other.sold.tolist()
    assert one.promotions == other.promotions
    assert one.days[-1] == date(2026, 11, 23)
    assert len(one.days) == DAYS


def test_what_is_not_on_the_shelf_is_not_sold() -> None:
    """Sales never exceed what was wanted; on days with an empty shelf there are none, though some wanted it."""
    found = lived()
    assert (found.sold <= found.wanted).all()
    empty = found.available == 0
    assert empty.any()
    assert found.sold[empty].sum() == 0
    assert found.wanted[empty].sum() > 0
    assert (found.sold == found.wanted)[found.available == 1].all()


def test_promotions_lift_and_are_followed_by_a_dip() -> None:
    """More while they run, less in the week after, by what was wanted."""
    found = lived(daily=40)
    ordinary = set(range(DAYS))
    during: list[int] = []
    after: list[int] = []
    for each in found.promotions:
        at = (each.from_day - found.days[0]).days
        during += [day for day in range(at, at + 7) if 0 <= day < DAYS]
        after += [day for day in range(at + 7, at + 14) if 0 <= day < DAYS]
    ordinary -= {*during, *after}
    usual = found.wanted[sorted(ordinary)].mean()
    assert found.wanted[during].mean() > 1.3 * usual
    assert found.wanted[after].mean() < 0.9 * usual


def test_seasons_and_weekdays_show() -> None:
    """Summer sells more of a summer thing, Saturdays more than Sundays."""
    found = lived(daily=40, season=0.6)
    months = np.array([day.month for day in found.days])
    weekdays = np.array([day.weekday() for day in found.days])
    assert found.wanted[months == 7].mean() > 2 * found.wanted[months == 1].mean()
    assert found.wanted[weekdays == 5].mean() > 1.5 * found.wanted[weekdays == 6].mean()


def test_items_come_and_go() -> None:
    """A new one has weeks, a delisted one no sale of late, a dying one sells less each year, a part on few days only."""
    assert np.flatnonzero(lived("new").sold)[0] >= DAYS - 45
    assert lived("delisted").sold[-120:].sum() == 0
    dying = lived("dying").sold
    assert dying[:365].sum() > 2 * dying[-365:].sum()
    parts = lived("intermittent", daily=0.2).sold
    assert 0.02 < (parts > 0).mean() < 0.25


def test_what_cameras_see_has_been_quiet_of_late() -> None:
    """No promotion and no empty shelf in the last eight weeks, and about what the scene sells; plans lie ahead."""
    found = lived(is_seen=True, daily=12)
    assert (found.available[-QUIET_D:] == 1).all()
    running = [each for each in found.promotions if (TODAY - each.until_day).days < QUIET_D and each.from_day < TODAY]
    assert running == []
    assert found.sold[-QUIET_D:].mean() == pytest.approx(12, rel=0.1)
    assert all((each.from_day - TODAY).days <= PLANNED_D for each in found.promotions)


def test_the_trade_file_names_what_the_house_has() -> None:
    """Every item has a supplier that is known, and every item that cameras see is in it once."""
    house = read(company.HOUSE_FILE).records()
    known = [record for record in house if isinstance(record, Item)]
    found = trade.read(company.TRADE_FILE, known, company.scene().daily_demand)
    assert {item.sku for item in found.items if item.is_seen} == {item.sku for item in known}
    suppliers = {item.supplier for item in known} | {supplier.id for supplier in found.suppliers}
    assert all({item.supplier, *item.also} <= suppliers for item in found.items)
    assert len({item.sku for item in found.items}) == len(found.items)
    assert history.QUIET_D >= 56
