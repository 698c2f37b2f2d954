"""Boxes against a planogram: gaps, what stands wrong, and a planogram of another shelf."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.tasks.shelf_count.fitting import fitted, gaps, mismatch, misplaced
from edge_agent.tasks.shelf_count.planogram import Box
from edge_agent.tasks.shelf_count.settings import Facing

SHELF = tuple(
    Facing(box=(0.2 * column, 0.5 * row, 0.2 * column + 0.18, 0.5 * row + 0.45)) for row in range(2) for column in range(5)
)


def pushed(box: Box, aside: float) -> Box:
    return (box[0] + aside, box[1], box[2] + aside, box[3])


@given(st.lists(st.integers(0, 9), unique=True), st.floats(-0.06, 0.06))
def test_boxes_a_third_of_their_width_aside_still_fill_their_facings(order: list[int], aside: float) -> None:
    """Whatever order a detector gives them in; what is left are the gaps."""
    fit = fitted([pushed(SHELF[place].box, aside) for place in order], SHELF)
    assert {facing for facing, box in enumerate(fit.filled) if box is not None} == set(order)
    assert gaps(fit, SHELF) == [facing.box for place, facing in enumerate(SHELF) if place not in order]
    assert fit.strays == ()


def test_another_product_at_a_facing_is_misplaced_and_an_unnamed_one_is_not() -> None:
    """Rice where tea belongs is told with both names; doubt is no accusation."""
    boxes = [SHELF[0].box, SHELF[1].box, SHELF[2].box]
    wrong = misplaced(fitted(boxes, SHELF), SHELF, boxes, ["tea", "rice", None], "tea")
    assert [(one.box, one.sku, one.expected) for one in wrong] == [(SHELF[1].box, "rice", "tea")]


def test_a_facing_may_belong_to_another_product_than_the_shelf() -> None:
    """Its own SKU counts before the shelf's."""
    facings = (SHELF[0], Facing(box=SHELF[1].box, sku="rice"))
    boxes = [SHELF[0].box, SHELF[1].box]
    assert misplaced(fitted(boxes, facings), facings, boxes, ["tea", "rice"], "tea") == []


def test_a_box_at_no_facing_is_a_squatter() -> None:
    """It stands across the gap between two rows: nothing is expected there."""
    boxes = [SHELF[0].box, (0.4, 0.3, 0.58, 0.75)]
    wrong = misplaced(fitted(boxes, SHELF[:5]), SHELF[:5], boxes, [None, None], "tea")
    assert [(one.box, one.expected) for one in wrong] == [(boxes[1], None)]


@pytest.mark.parametrize(
    ("boxes", "named", "reason"),
    [
        ([facing.box for facing in SHELF[:4]], [None] * 4, None),
        ([(0.1 * n, 0.3, 0.1 * n + 0.05, 0.5) for n in range(8)], [None] * 8, "layout"),
        ([facing.box for facing in SHELF[:4]], ["soap"] * 4, "products"),
        ([facing.box for facing in SHELF[:4]], ["soap", "soap", "soap", "tea"], None),
        ([(0.0, 0.3, 0.05, 0.5)], [None], None),
        ([], [], None),
    ],
)
def test_a_planogram_of_another_shelf_is_known_by_layout_or_products(
    boxes: list[Box], named: list[str | None], reason: str | None
) -> None:
    """An empty shelf and a single stray are no reason to doubt it."""
    assert mismatch(fitted(boxes, SHELF), SHELF, named, "tea") == reason
