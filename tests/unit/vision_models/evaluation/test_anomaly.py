"""Figures of an inspection model, and the trivial answer beside it."""

import numpy as np
import pytest

from vision_models.evaluation.anomaly import grey_level_scores, inspection_figures


def test_figures_are_shares_above_the_limit() -> None:
    """Three of four bad parts caught, one of five good ones refused, ranked nearly right."""
    figures = inspection_figures(np.array([0.1, 0.2, 0.3, 0.4, 1.2]), np.array([0.5, 1.1, 2.0, 3.0]), limit=1.0)
    assert (figures.recall, figures.false_alarms) == (0.75, 0.2)
    assert figures.auroc == pytest.approx(18 / 20)


def test_a_grey_level_is_one_at_the_farthest_taught_picture() -> None:
    """Taught at 90, 100 and 110: 120 lies twice as far as any."""
    taught = [np.full((4, 4, 3), level, np.uint8) for level in (90, 100, 110)]
    assert grey_level_scores([np.full((4, 4, 3), 120, np.uint8), taught[1]], taught) == pytest.approx([2.0, 0.0])
