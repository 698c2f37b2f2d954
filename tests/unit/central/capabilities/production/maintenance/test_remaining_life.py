"""Windows that know no future, estimates that never rise, scores as published, and cases cut as machines run."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.capabilities.production.maintenance.remaining_life import (
    Settings,
    cases_of,
    fitted,
    never_rising,
    phm_score,
)
from central.capabilities.production.maintenance.trend import slope
from central.capabilities.production.maintenance.windows import Floats, features


def history(rows: int, seed: int = 1) -> Floats:
    """Three channels of noise, the first of which wears."""
    rng = np.random.default_rng(seed)
    worn: Floats = rng.standard_normal((rows, 3)) * 0.1 + np.linspace(0, 2, rows)[:, None] * np.array([1.0, 0.0, 0.0])
    return worn


@given(st.integers(1, 119))
def test_a_row_knows_nothing_of_what_comes_after_it(row: int) -> None:
    """Cut there, its features are the same."""
    whole = history(120)
    assert features(whole[: row + 1])[-1] == pytest.approx(features(whole)[row])


def test_the_slope_of_a_line_is_its_slope() -> None:
    """Over a whole window, in units a window."""
    line = np.arange(100.0)[:, None]
    means, slopes = features(line)[-1][:4], features(line)[-1][4:6]
    assert means == pytest.approx([97, 94.5, 89.5, 79.5])
    assert slopes == pytest.approx([20, 50])


def test_late_is_dearer_than_early() -> None:
    """As published: thirteen early cost e - 1, so do ten late."""
    assert phm_score(np.array([-13.0])) == pytest.approx(np.e - 1)
    assert phm_score(np.array([10.0])) == pytest.approx(np.e - 1)
    assert phm_score(np.array([0.0])) == 0


@given(st.lists(st.floats(0, 125), min_size=1, max_size=60))
def test_remaining_life_never_rises(points: list[float]) -> None:
    """Whatever is estimated, without work on the machine it goes down by one a row at least when on course."""
    smoothed = never_rising(points)
    assert smoothed[0] == points[0]
    assert all(later <= earlier for earlier, later in pairwise(smoothed))
    assert all(value >= 0 for value in smoothed)


def test_cases_are_cut_as_running_machines_are() -> None:
    """At their ages, none longer than twice the gap of the means before the end."""
    lives, ages = [200, 210, 220, 300], [50, 130, 140, 150]
    cases = cases_of(lives, ages, np.random.default_rng(0), Settings(cuts=50))
    assert {int(row) + 1 for row in cases.row} <= set(ages)
    assert cases.truth.max() <= 2 * (232.5 - 117.5)
    assert (np.array(lives)[cases.machine] - 1 - cases.row).tolist() == cases.truth.tolist()


def test_a_few_machines_are_not_enough_to_learn_from() -> None:
    """Said with the number that is."""
    with pytest.raises(ValueError, match="3 machines ran to failure, at least 10"):
        fitted([history(60, seed) for seed in range(3)], [30], 0, Settings())


def test_a_trend_is_told_only_where_it_is_clear() -> None:
    """A line with one wild point is; noise and three points are not."""
    line = [(float(hour), 0.5 * hour) for hour in range(20)]
    assert slope([*line, (7.5, 400.0)]) == pytest.approx(0.5, rel=0.1)
    rng = np.random.default_rng(2)
    assert slope([(float(hour), float(rng.standard_normal())) for hour in range(20)]) is None
    assert slope(line[:3]) is None
