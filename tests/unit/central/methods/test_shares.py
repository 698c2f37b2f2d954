"""A share from few looks leans on its neighbours, one from many stands by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.methods.shares import LEAST_WEIGHT, MOST_WEIGHT, Belief, Looked, belief, chance_of_rise, prior


def test_a_supplier_seen_three_times_is_believed_to_be_like_the_others() -> None:
    """One bad of three is not a third."""
    others = [Looked(10, 1000), Looked(12, 1000), Looked(9, 1000), Looked(30, 1000)]
    few, many = belief(Looked(1, 3), prior(others, 0.01)), belief(Looked(1000, 3000), prior(others, 0.01))
    assert few.mean < 0.05
    assert many.mean == pytest.approx(1 / 3, abs=0.03)


def test_without_neighbours_the_expectation_weighs_little() -> None:
    """Two looks' worth."""
    before = prior([], 0.02)
    assert before.mean == pytest.approx(0.02)
    assert before.a + before.b == pytest.approx(LEAST_WEIGHT)


def test_neighbours_that_differ_by_chance_alone_are_one_crowd() -> None:
    """Equal shares give the heaviest prior."""
    before = prior([Looked(10, 1000)] * 5, 0.5)
    assert before.a + before.b == pytest.approx(MOST_WEIGHT)


@given(st.integers(0, 50), st.integers(50, 5000), st.floats(0.5, 0.99))
def test_the_interval_holds_the_mean_and_chances_are_chances(bad: int, looked_at: int, share: float) -> None:
    """Whatever was seen."""
    believed = belief(Looked(bad, looked_at), prior([], 0.01))
    low, high = believed.interval(share)
    assert 0 <= low < high <= 1
    assert believed.chance_above(low) == pytest.approx((1 + share) / 2, abs=1e-6)


def test_the_chance_of_a_rise_is_half_between_equals() -> None:
    """And nearly one from a per cent to ten."""
    one = Belief(10, 990)
    assert chance_of_rise(one, one) == pytest.approx(0.5, abs=0.01)
    assert chance_of_rise(one, Belief(100, 900)) > 0.999


def test_more_bad_than_seen_is_refused() -> None:
    """A miscount must not become a belief."""
    with pytest.raises(ValueError, match="5 bad of 4"):
        belief(Looked(5, 4), Belief(1, 1))
