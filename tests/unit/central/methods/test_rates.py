"""How often: exact intervals of published tables, within the approximation's error."""

import pytest

from central.methods.rates import rate


@pytest.mark.parametrize(
    ("events", "low", "high"), [(0, 0.0, 2.996), (1, 0.0513, 4.744), (4, 1.366, 9.154), (20, 13.25, 29.06)]
)
def test_the_interval_is_garwoods(events: int, low: float, high: float) -> None:
    """90 % limits of a Poisson mean."""
    found = rate(events, 1.0, 0.9)
    assert found is not None
    assert found.low == pytest.approx(low, rel=0.05, abs=0.002)
    assert found.high == pytest.approx(high, rel=0.03)


def test_it_scales_with_what_was_observed() -> None:
    """Twice as long and the same number: half as often."""
    one, two = rate(3, 1.0), rate(3, 2.0)
    assert one is not None
    assert two is not None
    assert (two.rate, two.low, two.high) == pytest.approx((one.rate / 2, one.low / 2, one.high / 2))


def test_nothing_observed_says_nothing() -> None:
    """Neither zero nor infinity."""
    assert rate(0, 0.0) is None
    assert rate(-1, 1.0) is None
