"""Trade: customers arrive as told, nobody takes what is not there, the clerk refills what stays low."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.scene import Trade
from firmware_sim.world.shelf import CartonGrid, CartonLook, Shelf
from firmware_sim.world.trade import Movement, Stall, arrivals, traded

TRADE = Trade(
    day_s=1_000.0,
    rush_s=100.0,
    rush_factor=10.0,
    largest_basket_units=3,
    unrecorded_share=0.25,
    low_share=0.25,
    refill_after_s=60.0,
)
LOOK = CartonLook((1, 2, 3), (4, 5, 6), "band")


def stall(units: int, demand_per_s: float = 0.0) -> Stall:
    """A shelf of at most twelve."""
    return Stall(Shelf("a-01", "rice", CartonGrid(columns=4, rows=3), units, LOOK), demand_per_s)


def run(stalls: tuple[Stall, ...], seed: int, ticks: int, tick_s: float = 1.0) -> tuple[tuple[Stall, ...], list[Movement]]:
    """Trade for a while."""
    rng, movements = np.random.default_rng(seed), list[Movement]()
    for tick in range(ticks):
        stalls, moved = traded(stalls, TRADE, tick * tick_s, (tick + 1) * tick_s, rng)
        movements += moved
    return stalls, movements


@given(st.integers(0, 12), st.floats(0.0, 1.0), st.integers(0, 2**32))
def test_stock_is_what_the_movements_say(units: int, demand_per_s: float, seed: int) -> None:
    """Units at the end are units at the start plus all movements, booked or not; never below zero or over capacity."""
    (after,), movements = run((stall(units, demand_per_s),), seed, ticks=120)
    assert after.shelf.units == units + sum(movement.quantity for movement in movements)
    assert 0 <= after.shelf.units <= after.shelf.capacity


@given(st.integers(0, 2**32))
def test_sales_take_and_receipts_bring(seed: int) -> None:
    """A sale is below zero and at most a basket, a receipt above zero and always booked."""
    _, movements = run((stall(12, 0.2),), seed, ticks=200)
    for movement in movements:
        if movement.kind == "sale":
            assert -TRADE.largest_basket_units <= movement.quantity < 0
        else:
            assert movement.quantity > 0
            assert movement.is_booked


def test_demand_is_met_on_average_and_faster_in_the_rush() -> None:
    """Units wanted over a long time are the demand; the rush has ten times as many an hour."""
    rng, demand = np.random.default_rng(1), np.full(2_000, 0.05)
    mean_basket = 2
    rush = arrivals(demand, TRADE, 0.0, 100.0, rng).mean() * mean_basket
    calm = arrivals(demand, TRADE, 100.0, 200.0, rng).mean() * mean_basket
    assert calm == pytest.approx(5.0, rel=0.1)
    assert rush == pytest.approx(50.0, rel=0.1)


def test_the_rush_counts_only_for_its_part_of_a_step() -> None:
    """A step that spans the end of the rush has both."""
    wanted = arrivals(np.full(5_000, 0.05), TRADE, 90.0, 110.0, np.random.default_rng(2)).mean() * 2
    assert wanted == pytest.approx(0.05 * (10 * 10 + 10), rel=0.1)


def test_one_basket_in_four_leaves_unseen() -> None:
    """The share of sales that are not booked is the scene's."""
    stalls = tuple(replace(stall(12, 0.02)) for _ in range(300))
    _, movements = run(stalls, seed=4, ticks=100)
    sales = [movement for movement in movements if movement.kind == "sale"]
    assert sum(not sale.is_booked for sale in sales) / len(sales) == pytest.approx(0.25, abs=0.03)


def test_a_shelf_that_stays_low_is_filled_up() -> None:
    """The clerk comes once the shelf has been low for the agreed time, and not before."""
    stalls, movements = run((stall(3),), seed=1, ticks=60)
    assert movements == []
    _, movements = traded(stalls, TRADE, 60.0, 61.0, np.random.default_rng(0))
    assert movements == [Movement(61.0, "receipt", "rice", "a-01", 9, is_booked=True)]


def test_a_shelf_that_is_not_low_is_left_alone() -> None:
    """Four of twelve is not low."""
    assert run((stall(4),), seed=1, ticks=300)[1] == []
