"""Detections cannot be made wrong."""

import numpy as np
import pytest

from vision_models.inference.detections import Detections, no_detections, one_class


def test_boxes_scores_and_classes_must_agree() -> None:
    """Two boxes with one score are refused."""
    with pytest.raises(ValueError, match="must agree"):
        Detections(np.zeros((2, 4), np.float32), np.zeros(1, np.float32), np.zeros(2, np.int64))


@pytest.mark.parametrize("boxes", [np.zeros((2, 3), np.float32), np.array([[5, 0, 4, 1], [0, 0, 1, 1]], np.float32)])
def test_a_box_has_four_sides_in_order(boxes: np.ndarray) -> None:
    """Three numbers are no box, and a box may not end before it begins."""
    with pytest.raises(ValueError, match="box"):
        one_class(boxes, np.zeros(2, np.float32))


def test_a_choice_keeps_rows_together() -> None:
    """Choosing keeps each box with its score."""
    found = one_class(np.array([[0, 0, 1, 1], [2, 2, 3, 3]], np.float32), np.array([0.2, 0.9], np.float32))
    chosen = found.where(found.scores > 0.5)
    assert len(chosen) == 1
    assert chosen.boxes_px.tolist() == [[2, 2, 3, 3]]
    assert len(no_detections()) == 0
