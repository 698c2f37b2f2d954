"""Facings and units."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.tasks.shelf_count.planogram import fractions, stock
from edge_agent.tasks.shelf_count.settings import Region

counts = st.integers(0, 300)
edges = st.floats(-50, 2000, allow_nan=False)


@given(counts, counts, counts, st.integers(1, 20), st.none() | st.integers(0, 500))
def test_bounds_hold_the_units_and_units_hold_the_facings(a: int, b: int, c: int, depth: int, capacity: int | None) -> None:
    """What is seen is there; the best guess lies between the bounds."""
    low, count, high = sorted((a, b, c))
    found = stock(count, low, high, Region(location="a-01", sku="tea", depth=depth, capacity=capacity))
    assert 0 <= found.units_low <= found.facings <= found.units <= found.units_high


@given(counts, st.integers(1, 20), st.integers(0, 500))
def test_no_more_is_assumed_than_fits_unless_it_is_in_view(count: int, depth: int, capacity: int) -> None:
    """Depth is a guess, the shelf's size is not."""
    assert stock(count, count, count, Region(location="a-01", sku="tea", depth=depth, capacity=capacity)).units <= max(
        count, capacity
    )


def test_a_shelf_one_carton_deep_holds_what_is_seen() -> None:
    """Every visible carton is one unit."""
    found = stock(7, 6, 8, Region(location="a-01", sku="tea", capacity=12))
    assert (found.units_low, found.units, found.units_high) == (6, 7, 8)


@given(st.lists(st.tuples(edges, edges, edges, edges), max_size=20), st.integers(1, 2000), st.integers(1, 2000))
def test_boxes_become_fractions_inside_the_picture(boxes: list[tuple[float, ...]], width: int, height: int) -> None:
    """Whatever a detector says, what is sent lies in the picture and is not turned inside out."""
    for x1, y1, x2, y2 in fractions(boxes, width, height):
        assert 0 <= x1 < x2 <= 1
        assert 0 <= y1 < y2 <= 1
