"""A replay lives each day once, loses what is not there, and its ladder keeps what it promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.methods.inventory import sums
from central.methods.inventory.errors import BadHistory, TooShort
from central.methods.inventory.promise import Ladder
from central.methods.inventory.replay import Rhythm, Served, replayed
from central.methods.inventory.sums import History


def test_what_is_not_there_is_lost() -> None:
    """Four units, one sold a day: what is ordered on the fourth day comes when the last two customers have left."""
    demand, levels = np.array([[1.0, 1, 1, 1, 1, 1]]), np.full((2, 1), 4.0)
    served = replayed(demand, levels, Rhythm(lead_time_d=3, review_d=3))
    assert (served.sold[0], served.asked[0]) == (4.0, 6.0)
    assert served.fill == pytest.approx(4 / 6)


def test_an_order_without_a_lead_time_is_there_at_once() -> None:
    """Reviewed each day, nothing is lost that the level covers."""
    served = replayed(np.array([[3.0, 5, 2]]), np.full((3, 1), 5.0), Rhythm(lead_time_d=0, review_d=1))
    assert served.fill == 1.0


@given(st.integers(0, 9), st.integers(1, 9), st.integers(0, 40), st.integers(0, 2**31))
@settings(deadline=None, max_examples=40)
def test_no_more_is_sold_than_asked_and_a_higher_level_serves_no_less(lead: int, review: int, level: int, seed: int) -> None:
    """For any rhythm and any days."""
    demand = np.random.default_rng(seed).poisson(2.0, (3, 30)).astype(np.float64)
    reviews = -(-30 // review)
    low, high = (replayed(demand, np.full((reviews, 3), float(each)), Rhythm(lead, review)) for each in (level, level + 5))
    assert (low.sold <= low.asked).all()
    assert (high.sold >= low.sold).all()


def test_levels_of_another_shape_are_refused() -> None:
    """With both shapes."""
    with pytest.raises(BadHistory, match="30 days of 2 items"):
        replayed(np.zeros((2, 30)), np.zeros((3, 2)), Rhythm(7, 7))


def made(items: int, days: int, seed: int) -> History:
    """Items that sell now and then, more in one week of four, which is known ahead."""
    rng = np.random.default_rng(seed)
    plan = np.tile((np.arange(days + 30) // 7 % 4 == 0).astype(np.float64), (items, 1))
    rate = rng.lognormal(0, 0.7, items)[:, None] * (1 + 2 * plan[:, :days])
    return History(
        rng.poisson(rate * rng.gamma(2, 0.5, (items, days))).astype(np.float64), plan[:, :, None], np.zeros(items)
    )


def test_sums_know_what_is_planned_and_cover_what_they_say() -> None:
    """A week with the plan is told higher; nine in ten sums are below their ninth decile."""
    whole = made(20, 700, 3)
    model = sums.fitted(whole.until(560), 7)
    planned, plain = (model.moments(whole.until(day))[0].sum() for day in (28 * 22, 28 * 22 + 7))
    assert planned > 1.5 * plain
    waits = range(560, 686, 14)
    is_below = [whole.units[:, day : day + 7].sum(1) <= model.quantile(0.9, whole.until(day)) for day in waits]
    assert np.mean(is_below) == pytest.approx(0.9, abs=0.07)


def served(sold: list[float], stock: float) -> Served:
    """Two items that were asked for a hundred and nine hundred times."""
    return Served(np.array(sold), np.array([100.0, 900.0]), np.array([stock, stock]), np.zeros(2))


def test_a_promise_is_read_from_what_was_lived() -> None:
    """Between the rungs, with the stock it took; small segments lean on all."""
    ladder = Ladder(np.array([0.8, 0.9]), [served([40, 860], 10), served([90, 890], 20)], ["CZ", "AX"])
    promise = ladder.promise(0.94)
    assert promise.quantile == pytest.approx(0.85)
    assert promise.fill == pytest.approx(0.94)
    assert promise.stock == pytest.approx(30)
    assert 0.65 < promise.segments["CZ"] < promise.segments["AX"]
    assert ladder.promise(0.999).quantile == 0.9


def test_too_few_days_are_told() -> None:
    """With how many it takes."""
    with pytest.raises(TooShort, match="300 days of sales"):
        sums.fitted(made(3, 300, 1), 14)
