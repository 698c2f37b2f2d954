"""Intervals: they hold for units not seen, they are wide where errors are, and one talkative unit does not rule them."""

import numpy as np
import pytest

from central.methods.conformal import Calibration, Floats, Ints


def fleet(seed: int, units: int) -> tuple[Floats, Floats, Ints]:
    """Predictions and truth minus them: units are wrong by a bias of their own, more so far from failure."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(units), 8)
    predicted = rng.uniform(0, 120, len(unit))
    bias = rng.standard_normal(units)[unit]
    return predicted, (0.02 + predicted / 120) * (8 * bias + 4 * rng.standard_normal(len(unit))), unit


def test_new_units_are_covered_as_promised() -> None:
    """Ninety of a hundred, give or take what two hundred units leave to chance."""
    known = Calibration(*fleet(1, 60), width=10.0)
    nominal = known.nominal(0.9)
    predicted, residual, _ = fleet(2, 200)
    found = np.array([known.interval(float(value), nominal) for value in predicted[::8]])
    truth = (predicted + residual)[::8]
    assert 0.85 <= np.mean((found[:, 0] <= truth) & (truth <= found[:, 1])) <= 0.97


def test_intervals_are_narrow_where_errors_are_small() -> None:
    """Close to failure."""
    known = Calibration(*fleet(1, 60), width=10.0)
    near, far = (known.interval(value, 0.9) for value in (5.0, 110.0))
    assert near[1] - near[0] < (far[1] - far[0]) / 2


def test_a_unit_with_many_cases_counts_once() -> None:
    """A thousand readings of one bad unit do not widen what nineteen good ones say."""
    unit = np.concatenate([np.zeros(1000, np.intp), np.arange(1, 20)])
    residual = np.where(unit == 0, 50.0, 1.0)
    known = Calibration(np.full(len(unit), 60.0), residual, unit, width=10.0)
    assert known.interval(60.0, 0.8)[1] == pytest.approx(61.0)


def test_cases_must_agree_in_number() -> None:
    """And there must be some."""
    with pytest.raises(ValueError, match="must agree"):
        Calibration(np.zeros(2), np.zeros(3), np.zeros(2, np.intp), 1.0)
