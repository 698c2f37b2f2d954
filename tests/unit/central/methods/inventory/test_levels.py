"""Levels keep their promise on the distribution they are made from, and never on its mean alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.methods.inventory import counts, policies
from central.methods.inventory.counts import Rate, Wait
from central.methods.inventory.policies import Costs
from central.methods.inventory.segments import segments

rates = st.builds(Rate, mean_d=st.floats(0.01, 50), dispersion=st.floats(1.05, 8))
waits = st.lists(st.floats(0.5, 30), min_size=1, max_size=5).map(lambda days: Wait(tuple(days), tuple([1.0] * len(days))))


@given(rates, waits, st.floats(0.5, 0.995))
@settings(deadline=None, max_examples=60)
def test_a_level_is_the_least_that_lasts(rate: Rate, wait: Wait, probability: float) -> None:
    """One unit less would run out more often than asked."""
    level = counts.level(probability, rate, wait)
    assert counts.exceeded(level, rate, wait) <= 1 - probability
    assert level == 0 or counts.exceeded(level - 1, rate, wait) > 1 - probability


def test_a_lead_time_that_varies_takes_more_than_its_mean() -> None:
    """Half of the orders in two days, half in twelve, is not seven days."""
    rate = Rate(10.0, 1.2)
    assert counts.level(0.95, rate, Wait((2.0, 12.0), (1.0, 1.0))) > counts.level(0.95, rate, Wait((7.0,), (1.0,)))


def test_what_is_missing_is_the_tail_of_what_is_asked_for() -> None:
    """At no stock all of the mean is missing; at a high level next to nothing."""
    rate, wait = Rate(3.0, 2.0), Wait((4.0, 6.0), (1.0, 1.0))
    assert counts.shortfall(0, rate, wait) == pytest.approx(15.0, rel=1e-3)
    assert counts.shortfall(60, rate, wait) < 0.05


def test_old_days_count_less() -> None:
    """An item that stopped selling is not kept as if it sold."""
    history = [10.0] * 100 + [0.0] * 30
    assert Rate.of(history, half_life_d=7).mean_d < 1 < Rate.of(history, half_life_d=1000).mean_d
    assert Rate.of([0.0, 0.0], half_life_d=7) == Rate(0.0, 1.0)


def test_policies_order_as_they_are_named() -> None:
    """(R,S) to the level each time; (s,S) and (r,Q) not before the point, and then further."""
    rate, wait = Rate(5.0, 1.5), Wait((7.0,), (1.0,))
    up_to = policies.periodic(0.95, rate, wait)
    assert (up_to.order(up_to.up_to - 3), up_to.order(up_to.up_to)) == (3, 0)
    band = policies.min_max(0.95, rate, wait, cover_d=4)
    assert (band.order(band.point), band.order(band.point - 1)) == (0, 21)
    costs = Costs(order=20.0, holding_a_year=1.0, shortage=5.0)
    lot = policies.point_and_quantity(0.95, rate, wait, costs)
    assert lot.order(lot.point - 1) == policies.economic_quantity(rate, costs) == 270


def test_what_hardly_sells_is_kept_only_where_it_pays() -> None:
    """The newsvendor: a dear slow mover with a small margin is not kept, a cheap one is."""
    rate, wait = Rate(0.01, 1.1), Wait((30.0,), (1.0,))
    dear = policies.newsvendor(rate, wait, Costs(0.0, holding_a_year=500.0, shortage=5.0))
    cheap = policies.newsvendor(rate, wait, Costs(0.0, holding_a_year=1.0, shortage=20.0))
    assert (dear.up_to, cheap.up_to) == (0, 3)


def test_segments_say_what_is_dear_and_what_is_steady() -> None:
    """A steady best-seller is AX; what sold once is CZ, and so is what never did."""
    days = 140
    steady, once, never = np.full(days, 5.0), np.zeros(days), np.zeros(days)
    once[3] = 4.0
    assert segments(np.array([steady, once, never]), np.array([2.0, 2.0, 2.0])) == ["AX", "CZ", "CZ"]
