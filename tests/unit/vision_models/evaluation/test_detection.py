"""Figures of a counting model are what their definitions say."""

import numpy as np
import pytest

from vision_models.evaluation.detection import average_precision, count_figures
from vision_models.inference.detections import no_detections, one_class

TRUTH = np.array([[0, 0, 10, 10], [20, 20, 30, 30]], np.float32)


def test_finding_all_and_nothing_else_is_perfect() -> None:
    """Precision 1 for the true boxes, 0 for none at all."""
    assert average_precision([one_class(TRUTH, np.array([0.9, 0.8]))], [TRUTH]) == pytest.approx(1.0)
    assert average_precision([no_detections()], [TRUTH]) == 0.0


def test_a_second_hit_on_the_same_thing_is_wrong() -> None:
    """Half of the things found, and a duplicate ranked between: area 0.5."""
    found = one_class(TRUTH[[0, 0]], np.array([0.9, 0.8]))
    assert average_precision([found], [TRUTH]) == pytest.approx(0.5)


def test_a_wrong_box_ranked_first_halves_precision() -> None:
    """One miss above two hits: precision 2/3 at full recall."""
    boxes = np.concatenate([np.array([[50, 50, 60, 60]], np.float32), TRUTH])
    found = one_class(boxes, np.array([0.9, 0.8, 0.7]))
    assert average_precision([found], [TRUTH]) == pytest.approx(2 / 3)


def test_count_errors_are_means_over_pictures() -> None:
    """Off by 0, +1, -3."""
    figures = count_figures(np.array([5, 6, 2]), np.array([5, 5, 5]))
    assert (figures.count_mae, figures.within_one, figures.bias) == pytest.approx((4 / 3, 2 / 3, -2 / 3))
