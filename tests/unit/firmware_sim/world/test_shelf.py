"""A shelf never holds fewer than no cartons or more than fit, whatever is sold and brought."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.world.shelf import CartonGrid, Shelf, draw_look, filled_slots, refill, sell

GRIDS = st.builds(CartonGrid, st.integers(1, 7), st.integers(1, 3), st.integers(1, 2))


def shelf_of(grid: CartonGrid, units: int) -> Shelf:
    return Shelf("a-01", "pasta-500g", grid, units, draw_look(np.random.default_rng(1)))


@given(GRIDS, st.lists(st.integers(-40, 40), max_size=30))
def test_stock_stays_within_the_shelf(grid: CartonGrid, trades: list[int]) -> None:
    """Selling and refilling move exactly what they say they moved."""
    shelf = shelf_of(grid, grid.capacity)
    for trade in trades:
        after, moved = sell(shelf, trade) if trade > 0 else refill(shelf, -trade)
        assert after.units - shelf.units == (-moved if trade > 0 else moved)
        assert 0 <= after.units <= grid.capacity
        shelf = after


@given(GRIDS)
def test_selling_takes_the_carton_that_was_placed_last(grid: CartonGrid) -> None:
    """The cartons that stay keep their slots, each slot is filled once."""
    full = shelf_of(grid, grid.capacity)
    fewer, _ = sell(full, 1)
    assert filled_slots(fewer) == filled_slots(full)[:-1]
    assert len(set(filled_slots(full))) == grid.capacity


def test_a_shelf_that_cannot_be_is_refused() -> None:
    """More units than fit is an error that names the shelf."""
    with pytest.raises(ValueError, match="a-01"):
        shelf_of(CartonGrid(3, 2), 7)


def test_a_refill_rearranges_and_a_sale_does_not() -> None:
    """Cartons brought stand otherwise than those that left; bringing none moves nothing."""
    shelf = shelf_of(CartonGrid(3, 2), 2)
    assert sell(shelf, 1)[0].arrangement == shelf.arrangement
    assert refill(shelf, 0)[0].arrangement == shelf.arrangement
    assert refill(shelf, 1)[0].arrangement != shelf.arrangement
