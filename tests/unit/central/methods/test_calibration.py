"""Probabilities that mean what they say, drift, and the parts of an explanation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.methods import attribution, calibration, drift
from central.methods.tabular import Floats, Hygiene, Ints, Physical, with_physical


def test_an_overconfident_model_is_brought_back_to_what_happens() -> None:
    """It says 0.9 and 0.1 where 0.7 and 0.3 come true."""
    rng = np.random.default_rng(1)
    said = np.repeat([0.9, 0.1], 2000)
    failed = (rng.random(4000) < np.repeat([0.7, 0.3], 2000)).astype(np.intp)
    repaired = calibration.correction(said, failed).corrected(np.array([0.9, 0.1]))
    assert repaired == pytest.approx([0.7, 0.3], abs=0.03)


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=40))
def test_calibration_never_turns_the_order_round(rows: list[tuple[float, int]]) -> None:
    """Whatever it is taught: a row rated higher stays as high."""
    said, failed = np.array([one for one, _ in rows]), np.array([each for _, each in rows], dtype=np.intp)
    ladder = calibration.correction(said, failed).corrected(np.linspace(0, 1, 11))
    assert np.all(np.isfinite(ladder))
    assert np.all(np.diff(ladder) >= 0)


def test_an_interval_is_wide_without_rows_and_narrow_with_many() -> None:
    """It always holds the probability itself."""
    assert calibration.interval_among_alike(0.4, np.empty(0), np.empty(0, dtype=np.intp), 50, 0.9) == (0.0, 1.0)
    known, failed = np.full(400, 0.4), np.array([1, 1, 0, 0, 0] * 80, dtype=np.intp)
    few = calibration.interval_among_alike(0.4, known, failed, 10, 0.9)
    many = calibration.interval_among_alike(0.4, known, failed, 400, 0.9)
    assert few[0] < many[0] < 0.4 < many[1] < few[1]


def test_the_limit_lies_where_the_score_is_best() -> None:
    """Between the rows that failed and those that did not."""
    said, failed = np.array([0.1, 0.2, 0.7, 0.8]), np.array([0, 0, 1, 1], dtype=np.intp)
    assert 0.2 < calibration.best_limit(said, failed, _agreement) <= 0.7


def _agreement(failed: Ints, called: Ints) -> float:
    return float((failed == called).mean())


def test_what_lies_as_before_has_not_drifted_and_what_moved_has() -> None:
    """By its stability index, less what chance gives; too few rows say nothing."""
    rng = np.random.default_rng(2)
    known = drift.distribution(rng.standard_normal(1000))
    assert drift.stability_index(known, rng.standard_normal(200)) < 0.1
    assert drift.stability_index(known, rng.standard_normal(200) + 1.5) > drift.CHANGED
    assert drift.stability_index(known, np.full(200, np.nan)) > drift.CHANGED
    assert drift.stability_index(known, np.full(drift.FEWEST_ROWS - 1, 9.0)) == 0
    assert drift.is_outside(known, 9.0)
    assert not drift.is_outside(known, 0.0)


def test_the_parts_of_an_explanation_add_up_and_blame_the_right_feature() -> None:
    """The whole difference from the usual row, in log odds."""
    row, usual = np.array([3.0, 1.0, 0.0]), np.zeros(3)
    parts = attribution.contributions(_chance, row, usual)
    assert parts.sum() == pytest.approx(3.0 * 2 - 1.0)
    assert parts[0] > 0 > parts[1]
    assert parts[2] == 0


def _chance(rows: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-(2 * rows[:, 0] - rows[:, 1]))), dtype=np.float64)


def test_physical_features_are_made_by_name_and_a_ratio_to_nothing_is_missing() -> None:
    """A difference, a product and a ratio behind what was measured."""
    wanted = [Physical("d", "difference", "a", "b"), Physical("p", "product", "a", "b"), Physical("r", "ratio", "a", "b")]
    values, names = with_physical(np.array([[6.0, 2.0], [1.0, 0.0]]), ["a", "b"], wanted)
    assert names == ["a", "b", "d", "p", "r"]
    assert values[0].tolist() == [6, 2, 4, 12, 3]
    assert np.isnan(values[1, 4])


def test_columns_that_say_nothing_are_left_out() -> None:
    """Constant, nearly always missing, or a copy of an earlier one."""
    column = np.arange(20.0)
    rare = np.where(column < 2, column, np.nan)
    hygiene = Hygiene.of(np.column_stack([np.ones(20), column, rare, column, -column]))
    assert hygiene.kept.tolist() == [1, 4]
    standard = hygiene.standardised(np.array([[0, np.nan, 0, 0, 1e9]]))
    assert standard.tolist() == [[0.0, 4.0]]
