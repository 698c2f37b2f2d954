"""Parts of a picture: every thing not larger than the overlap is whole in one of them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vision_models.inference.tiles import tiles_of


def test_one_part_is_the_whole_picture() -> None:
    """Off by default: a single view of everything."""
    (only,) = tiles_of(480, 640, 1)
    assert (only.left, only.top, only.right, only.bottom) == (0, 0, 640, 480)


def test_a_tall_picture_is_parted_along_its_height() -> None:
    """Two parts of 576x1024 lie above each other, near square, after the whole."""
    _, upper, lower = tiles_of(1024, 576, 2)
    assert (upper.top, lower.bottom) == (0, 1024)
    assert upper.bottom > lower.top
    assert (upper.left, upper.right) == (lower.left, lower.right) == (0, 576)


@given(
    size=st.tuples(st.integers(100, 900), st.integers(100, 900)),
    along=st.integers(2, 4),
    place=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_a_small_thing_is_whole_in_a_part(size: tuple[int, int], along: int, place: tuple[float, float]) -> None:
    """A box of a tenth of a part's side, wherever it is, is cut by no inner edge of at least one part."""
    height, width = size
    parts = tiles_of(height, width, along)[1:]
    side = 0.1 * min(parts[0].right - parts[0].left, parts[0].bottom - parts[0].top)
    left, top = place[0] * (width - side), place[1] * (height - side)
    box = np.array([[left, top, left + side, top + side]], np.float32)
    inside = [
        one.left <= left
        and one.top <= top
        and left + side <= one.right
        and top + side <= one.bottom
        and bool(one.whole(box - np.array([one.left, one.top] * 2, np.float32))[0])
        for one in parts
    ]
    assert any(inside)


def test_a_box_of_a_part_lies_where_it_is_in_the_picture() -> None:
    """Moved by the corner of the part; a box at an inner edge is left to the neighbour, one at the picture's edge is not."""
    _, upper, lower = tiles_of(1000, 500, 2)
    box = np.array([[10, 20, 30, 40]], np.float32)
    assert np.allclose(lower.placed(box), box + np.array([0, lower.top] * 2))
    at_top = np.array([[10, 0, 30, 40]], np.float32)
    assert upper.whole(at_top)[0]
    assert not lower.whole(at_top)[0]
