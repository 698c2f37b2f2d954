"""Weibull lives: known data, laws, and what is believed where too little is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.methods.survival import Life, Weibull, fitted

# Hours to failure of throttles, and kilometres of those that still ran: Blischke and Murthy (2000), Reliability, table 2.4,
# are too long to print here; these are Lawless (2003), example 1.1.5: insulation, minutes to breakdown at 32 kV.
BREAKDOWN_AT_32_KV = (0.27, 0.40, 0.69, 0.79, 2.75, 3.91, 9.88, 13.95, 15.93, 27.80, 53.24, 82.85, 89.29, 100.58, 215.10)


def test_a_published_sample_gives_the_published_estimates() -> None:
    """Lawless gives a shape of 0.561 and a scale of 25.9 minutes."""
    found = fitted([Life(age, True) for age in BREAKDOWN_AT_32_KV], believed_shape=2.0)
    assert found is not None
    assert found.shape == pytest.approx(0.561, abs=0.002)
    assert found.scale == pytest.approx(25.9, abs=0.1)


def test_what_still_runs_is_not_taken_for_failed() -> None:
    """Censored at random, the truth is found within the error of a thousand lives; counted as failures it is not."""
    rng = np.random.default_rng(5)
    lives, looked = 900 * rng.weibull(2.4, 1000), rng.uniform(100, 1500, 1000)
    seen = [Life(float(min(a, b)), bool(a <= b)) for a, b in zip(lives, looked, strict=True)]
    found, naive = fitted(seen, 2.0), fitted([Life(life.age, True) for life in seen], 2.0)
    assert found is not None
    assert naive is not None
    assert found.shape == pytest.approx(2.4, rel=0.1)
    assert found.scale == pytest.approx(900, rel=0.05)
    assert naive.scale < 750


def test_without_a_failure_there_is_nothing_to_fit() -> None:
    """However long things have run."""
    assert fitted([Life(1000.0, False)] * 20, 2.0) is None
    assert fitted([], 2.0) is None


def test_few_failures_keep_the_shape_that_is_believed() -> None:
    """Two lives say how long, not how."""
    found = fitted([Life(100.0, True), Life(140.0, True), Life(300.0, False)], believed_shape=2.5)
    assert found is not None
    assert found.shape == 2.5
    assert 140 < found.scale < 400


@given(st.floats(0.5, 8), st.floats(1, 1e4), st.floats(0, 2), st.floats(0.01, 2))
def test_chances_are_chances_and_grow_with_time(shape: float, scale: float, age: float, span: float) -> None:
    """Between nothing and one; the remaining life is where the chance is what was asked."""
    kind = Weibull(shape, scale)
    soon, late = (kind.failure_within(age * scale, share * span * scale) for share in (0.5, 1.0))
    assert 0 <= soon <= late <= 1
    left = kind.remaining_at(age * scale, 0.5)
    assert kind.failure_within(age * scale, left) == pytest.approx(0.5, abs=1e-6)


def test_what_wears_has_less_left_the_older_it_is_and_chance_does_not_age() -> None:
    """By the median of what remains."""
    worn, chance = Weibull(3.0, 100.0), Weibull(1.0, 100.0)
    assert worn.remaining_at(80.0, 0.5) < worn.remaining_at(10.0, 0.5) < 100
    assert chance.remaining_at(500.0, 0.5) == pytest.approx(chance.remaining_at(0.0, 0.5), rel=1e-6)
    assert chance.remaining_at(0.0, 0.5) == pytest.approx(100 * math.log(2), rel=1e-6)
