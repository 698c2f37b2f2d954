"""A model's table stands beside the trivial answer that is hardest to beat."""

from pathlib import Path

import pytest

from firmware_sim.render.picture_set import shelf_pictures
from vision_models.evaluation.table import as_lines, count_table, counting
from vision_models.inference.shelf import ShelfDetector

WEIGHTS = Path(__file__).parents[4] / "vision_models" / "weights"


def test_the_constant_is_the_median_of_what_was_taught() -> None:
    """One crowded picture among the taught ones does not make the trivial answer weak."""
    detector = ShelfDetector.load(WEIGHTS / "shelf")
    pictures = [(one.picture, one.boxes_px) for one in shelf_pictures(4_000_007, frames=1)]
    table = count_table(detector, pictures, taught=[3, 5, 100])
    errors = [abs(5 - len(boxes)) for _, boxes in pictures]
    assert table.constant.count_mae == pytest.approx(sum(errors) / len(errors))
    assert (table.ap50, table.model) == counting(detector, pictures)
    assert "constant" in as_lines(table)[0]
