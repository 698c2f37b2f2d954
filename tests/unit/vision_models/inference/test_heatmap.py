"""A hot place in a map becomes a score and a region."""

import numpy as np

from vision_models.inference.heatmap import regions, smoothed, top_mean


def hot_map() -> np.ndarray:
    strange = np.full((40, 60), 0.2, np.float32)
    strange[5:15, 10:30] = 3.0
    strange[30:36, 50:56] = 1.5
    return strange


def test_the_score_is_that_of_the_strangest_places() -> None:
    """A small flaw is not averaged away, and a mask that leaves it out silences it."""
    strange = hot_map()
    assert top_mean(strange, 0.01) == 3.0
    mask = np.ones_like(strange, dtype=bool)
    mask[:20] = False
    assert top_mean(strange, 0.001, mask) == 1.5
    assert top_mean(strange, 0.01, np.zeros_like(mask)) == 0.0


def test_regions_are_the_hot_places_strangest_first() -> None:
    """Two places above the limit, as boxes around them; one too small is left out."""
    found = regions(hot_map(), limit=1.0, smallest_area_px=9)
    assert found.boxes_px.tolist() == [[10, 5, 30, 15], [50, 30, 56, 36]]
    assert found.scores[0] > found.scores[1]
    assert len(regions(hot_map(), limit=1.0, smallest_area_px=100)) == 1
    assert len(regions(hot_map(), limit=9.0, smallest_area_px=1)) == 0


def test_smoothing_calms_a_single_hot_cell() -> None:
    """One cell shrinks, a field of them does not."""
    lone, field = np.zeros((21, 21), np.float32), np.full((21, 21), 4.0, np.float32)
    lone[10, 10] = 4.0
    assert smoothed(lone, 1.0).max() < 1.0
    np.testing.assert_allclose(smoothed(field, 1.0), 4.0, rtol=1e-5)


def test_a_place_is_not_as_hot_as_one_it_surrounds() -> None:
    """A ring has its own peak, whatever burns in its middle."""
    strange = np.zeros((40, 40), np.float32)
    strange[5:35, 5:35], strange[8:32, 8:32], strange[16:24, 16:24] = 1.2, 0.0, 1.8
    found = regions(strange, limit=1.0, smallest_area_px=9)
    assert found.boxes_px.tolist() == [[16, 16, 24, 24], [5, 5, 35, 35]]
    np.testing.assert_allclose(found.scores, [0.9, 0.6], rtol=1e-5)
