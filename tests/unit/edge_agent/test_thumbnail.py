"""What may leave the device of a frame."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.thumbnail import LONGEST_SIDE_PX, MOST_BYTES, coarse, cut, jpeg, largest_change

fraction = st.floats(0, 1)


@given(fraction, fraction, fraction, fraction, st.integers(1, 60), st.integers(1, 60))
def test_a_cut_lies_in_the_frame_and_is_never_empty(x: float, y: float, w: float, h: float, rows: int, columns: int) -> None:
    """Whatever region is configured."""
    found = cut(np.zeros((rows, columns, 3), dtype=np.uint8), (x, y, w, h)).shape
    assert 1 <= found[0] <= rows
    assert 1 <= found[1] <= columns


@pytest.mark.parametrize("shape", [(1, 1, 3), (480, 640, 3), (3000, 4000, 3), (1, 5000, 3)])
def test_any_picture_fits_into_a_small_jpeg(shape: tuple[int, ...]) -> None:
    """Pure noise is the hardest to pack."""
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    evidence = jpeg(noise)
    assert len(evidence.jpeg) <= MOST_BYTES
    decoded = cv2.imdecode(np.frombuffer(evidence.jpeg, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert max(decoded.shape[:2]) <= LONGEST_SIDE_PX


def test_a_cloud_before_the_sun_is_no_change_but_a_hand_is() -> None:
    """Light over all is not movement."""
    scene = np.random.default_rng(1).integers(60, 120, (24, 32, 3), dtype=np.uint8).repeat(10, axis=0).repeat(10, axis=1)
    hand = scene.copy()
    hand[100:150, 100:150] = 220
    assert largest_change(coarse((scene + 40).astype(np.uint8)), coarse(scene)) < 2
    assert largest_change(coarse(hand), coarse(scene)) > 50
