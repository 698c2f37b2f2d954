"""From a shelf that was seen empty to an order: availability, demand behind sales, forecast, proposal, and its trace."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from central.background.learning import Teacher
from central.background.shelf_hours import keep_shelf_hours
from central.capabilities.supply.inventory.inputs import gather
from central.capabilities.supply.inventory.model import Params
from central.deciding.capability import EVERY_SUBJECT, Subject
from central.deciding.learning import learn
from central.deciding.registry import discover
from central.deciding.run import think
from central.store import availability, demand, forecasts, latent_demand
from tests.parts.house import OAT, SITE, TEA, House

CARD = next(card for card in discover() if card.name == "supply.forecasting")
EVERYTHING = Subject(SITE, EVERY_SUBJECT)
ITEM = Subject(SITE, OAT)
EMPTY_DAYS = 6


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house with four months of sales; oat milk sold two a day on the last six days."""
    house = House(tmp_path)
    house.now = house.now.replace(hour=1, minute=2)
    with house.parts.writing() as conn:
        for sku in (OAT, TEA):
            older = [house.now.date() - timedelta(days=back) for back in range(57, 121)]
            demand.add(conn, SITE, {(sku, day): 5.0 + day.toordinal() % 3 for day in older})
        demand.add(conn, SITE, {(OAT, day): 2.0 - (5 + day.toordinal() % 3) for day in empty_days(house)})
    yield house
    house.close()


def empty_days(house: House) -> list[date]:
    """The days on which the shelf ran dry at eight."""
    return [house.now.date() - timedelta(days=back) for back in range(1, EMPTY_DAYS + 1)]


def see_empty(house: House) -> None:
    """The camera counts each hour: units until eight, none from then on."""
    now = house.now
    for day in sorted(empty_days(house)):
        for hour in range(24):
            house.now = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
            house.count("b-04", 6 if hour < 8 else 0)
    house.now = now


def lead_mean(house: House) -> float:
    """Oat milk expected over the three days of lead time and review."""
    with house.parts.reading() as conn:
        told = forecasts.newest(conn, SITE, OAT)
    assert told is not None
    assert told.origin == house.now.date()
    stretch = told.sum_of(3)
    assert stretch is not None
    return stretch.mean


def test_hours_of_an_empty_shelf_raise_the_forecast_and_the_order(house: House) -> None:
    """The same sales mean more demand once it is known that there was nothing to sell."""
    assert learn(house.parts.engine, CARD, EVERYTHING, house.now)
    blind = lead_mean(house)
    assert think(house.parts.engine, CARD, ITEM, house.now).inputs is not None
    see_empty(house)
    assert keep_shelf_hours(house.parts, house.now) == EMPTY_DAYS
    assert keep_shelf_hours(house.parts, house.now) == 0
    yesterday = house.now.date() - timedelta(days=1)
    with house.parts.reading() as conn:
        shares = availability.shares(conn, SITE, OAT, yesterday, house.now.date())
    assert shares[yesterday] == pytest.approx(1 / 3, abs=0.05)
    assert learn(house.parts.engine, CARD, EVERYTHING, house.now)
    with house.parts.reading() as conn:
        (*_, short) = latent_demand.since(conn, SITE, OAT, yesterday)
    assert short.demand > short.sold + 2
    assert lead_mean(house) > blind * 1.2
    with house.parts.reading() as conn:
        known = gather(conn, ITEM, Params(), house.now)
    assert known.expected is not None
    assert known.expected.mean == pytest.approx(lead_mean(house))
    assert {"forecast", "availability"} <= {cause.kind for cause in known.causes}
    thought = think(house.parts.engine, CARD, ITEM, house.now)
    seen = [cause for cause in thought.causes if cause.kind == "count"]
    assert seen
    assert all(cause.device == "eye-01" and cause.sequence for cause in seen)
    assert "seen_empty" in {reason.code for reason in thought.outcome.reasons}


def test_the_same_days_are_learned_once_and_by_all_items_together(house: House) -> None:
    """The teacher has one lesson for the site; nothing is fitted again until a day is added."""
    teacher = Teacher(house.parts)
    while teacher.look():
        pass
    with house.parts.reading() as conn:
        assert {told.sku for sku in (OAT, TEA) if (told := forecasts.newest(conn, SITE, sku))} == {OAT, TEA}
        assert any(told.is_backtest for told in forecasts.past(conn, SITE, TEA, 5))
    assert not learn(house.parts.engine, CARD, EVERYTHING, house.now)


def test_too_little_history_is_said(tmp_path: Path) -> None:
    """A house that never sold anything is not guessed about."""
    house = House(tmp_path)
    thought = think(house.parts.engine, CARD, Subject(SITE, "unknown"), house.now)
    assert thought.outcome.state == "undecided"
    house.close()
