"""A flat part beside its perfect twin: what is too much or missing is found, what merely lies differently is not."""

import cv2
import numpy as np
import pytest

from vision_models.errors import PictureUnusable
from vision_models.inference.arrays import Picture
from vision_models.inference.golden_template import Tolerance, differences


def board() -> Picture:
    """Bright tracks and pads on black, (320, 320, 3)."""
    picture = np.zeros((320, 320, 3), dtype=np.uint8)
    for row in range(30, 300, 30):
        cv2.line(picture, (20, row), (150 + row // 3, row), (230, 230, 230), 8)
        cv2.circle(picture, (200 + row // 3, row), 9, (230, 230, 230), -1)
    return picture


def laid(picture: Picture, right: float, down: float, turn_deg: float, seed: int = 1) -> Picture:
    """The same as a camera sees it: moved, turned, a little blurred and grainy."""
    place = cv2.getRotationMatrix2D((160, 160), turn_deg, 1.0)
    place = place + np.array([[0, 0, right], [0, 0, down]])
    moved = cv2.GaussianBlur(cv2.warpAffine(picture, place, (320, 320)), (0, 0), 0.7).astype(np.float32)
    grainy = moved + np.random.default_rng(seed).normal(0, 6, moved.shape)
    return np.asarray(np.clip(grainy, 0, 255), dtype=np.uint8)


@pytest.mark.parametrize(("right", "down", "turn_deg"), [(0, 0, 0), (2.4, -3.3, 0), (-1.5, 0.6, 0.4)])
def test_a_good_board_that_lies_differently_has_no_differences(right: float, down: float, turn_deg: float) -> None:
    """Some pixels of shift, less than a degree of turn."""
    assert len(differences(laid(board(), right, down, turn_deg), board(), Tolerance())) == 0


def test_a_good_board_that_is_bent_here_and_there_has_no_differences() -> None:
    """Each part of it lies up to three pixels elsewhere: laid over the template as a whole, its tracks stick out."""
    columns, rows = np.meshgrid(np.arange(320, dtype=np.float32), np.arange(320, dtype=np.float32))
    bent = cv2.remap(
        board(), columns + 3 * np.sin(rows / 50), rows + 3 * np.sin(columns / 50), cv2.INTER_LINEAR, borderMode=1
    )
    assert len(differences(np.asarray(bent, dtype=np.uint8), board(), Tolerance())) == 0


def test_a_short_and_an_open_are_found_where_they_are() -> None:
    """One bridge between two tracks, one gap in a third."""
    flawed = board()
    cv2.line(flawed, (80, 60), (80, 90), (230, 230, 230), 6)
    cv2.rectangle(flawed, (100, 170), (112, 190), (0, 0, 0), -1)
    found = differences(laid(flawed, 1.2, -0.7, 0.1), board(), Tolerance())
    middles = (found.boxes_px[:, :2] + found.boxes_px[:, 2:]) / 2
    assert sorted(np.round(middles / 10).astype(int).tolist()) == [[8, 8], [11, 18]]


def test_another_size_is_refused() -> None:
    """Nothing can be laid over it."""
    with pytest.raises(PictureUnusable, match="template"):
        differences(board()[:200], board(), Tolerance())
