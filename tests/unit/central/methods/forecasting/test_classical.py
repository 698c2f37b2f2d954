"""Smoothing, counts that are mostly zero, kinds of series, quantiles of counts and sums, reconciliation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from central.methods.forecasting import blend
from central.methods.forecasting.classify import Kind, kinds
from central.methods.forecasting.counts import count_quantiles
from central.methods.forecasting.errors import BadPanel, TooLittle
from central.methods.forecasting.intermittent import adida, imapa, mean_interval, sba, tsb
from central.methods.forecasting.metrics import score, value_added
from central.methods.forecasting.panel import Floats, Inputs, Panel
from central.methods.forecasting.pooling import pinball, pools
from central.methods.forecasting.reconcile import reconciled, shrunk_covariance, spread_down
from central.methods.forecasting.smoothing import damped, season_index, seasonal, ses
from central.methods.forecasting.sums import sum_quantiles

histories = arrays(np.float64, (3, 24), elements=st.floats(0, 1000))


@given(histories)
def test_levels_lie_within_what_was_sold(sales: Floats) -> None:
    """No smoothing of levels leaves the range of its past."""
    low, high = sales.min(1) - 1e-6, sales.max(1) + 1e-6
    for level in (ses(sales), imapa(sales)):
        assert ((low <= level) & (level <= high)).all()


@given(histories)
def test_intermittent_levels_are_never_negative(sales: Floats) -> None:
    """Also for a series that never sold."""
    assert (tsb(sales) >= 0).all()
    assert (sba(sales) >= 0).all()


def test_a_moved_level_is_followed_and_noise_is_not() -> None:
    """The decay of each series is its own: fast after a step, slow in noise."""
    noise = np.random.default_rng(0).normal(20, 5, 60)
    step = np.r_[np.full(30, 5.0), np.full(30, 50.0)]
    level = ses(np.stack([step, noise]))
    assert level[0] == pytest.approx(50, rel=0.02)
    assert level[1] == pytest.approx(20, rel=0.1)


def test_a_missing_period_changes_nothing() -> None:
    """NaN at the end leaves the level."""
    sales = np.array([[3.0, 5, 4, 6, 5, 4, 5, 6]])
    assert ses(np.column_stack([sales, [[np.nan]]]))[0] == pytest.approx(ses(sales)[0])


def test_a_damped_trend_goes_on_ever_slower() -> None:
    """Steps ahead shrink."""
    ahead = damped(np.arange(40.0)[None] * 2 + 5, 6)[0]
    steps = np.diff(ahead)
    assert (steps > 0).all()
    assert (np.diff(steps) < 0).all()


def test_week_days_come_back() -> None:
    """A Sunday of ten times a Monday is forecast so, and the index averages one."""
    sales = np.tile(np.array([1.0, 2, 3, 4, 5, 6, 10]), 8)[None]
    assert seasonal(sales, 7, 7)[0] == pytest.approx([1, 2, 3, 4, 5, 6, 10], rel=0.2, abs=0.7)
    assert season_index(sales, 7).mean() == pytest.approx(1)
    assert seasonal(sales[:, 3:], 7, 7, phase=3)[0] == pytest.approx(seasonal(sales, 7, 7)[0], rel=0.1)


def test_a_demand_every_third_period_is_a_third_of_it_a_period() -> None:
    """What all methods for intermittent demand agree on."""
    sales = np.tile(np.array([0.0, 0, 6]), 12)[None]
    assert mean_interval(sales)[0] == 3
    assert adida(sales, 3)[0] == pytest.approx(2)
    assert imapa(sales)[0] == pytest.approx(2, rel=0.2)
    assert tsb(sales)[0] == pytest.approx(2, rel=0.2)
    assert sba(sales)[0] == pytest.approx(2 * 0.95, rel=0.01)


def test_each_kind_of_series_is_told() -> None:
    """By interval, variation, age, promotion and death."""
    rng = np.random.default_rng(1)
    on = np.zeros((6, 60, 1))
    on[4, ::4] = 1
    sales = np.stack(
        [
            np.full(60, 8.0),
            np.where(np.arange(60) % 3 == 0, 5.0, 0.0),
            np.where(np.arange(60) % 3 == 0, rng.lognormal(1, 1.5, 60), 0.0),
            rng.lognormal(2, 1.5, 60),
            np.full(60, 9.0),
            np.r_[np.full(20, 9.0), np.zeros(40)],
        ]
    )
    told = kinds(Panel(sales, inputs=Inputs(on, ("deal",), ("promotion",))))
    expected = [Kind.SMOOTH, Kind.INTERMITTENT, Kind.LUMPY, Kind.ERRATIC, Kind.PROMOTED, Kind.DEAD]
    assert told.tolist() == [int(one) for one in expected]


def test_a_median_of_mostly_nothing_is_nothing() -> None:
    """Pools keep counts: at a mean of a fifth the median is zero, the 95 % quantile one."""
    rng = np.random.default_rng(0)
    mean = np.full(4_000, 0.2)
    came = rng.poisson(0.2, 4_000).astype(np.float64)
    found = pools(mean, came, np.ones(4_000), np.array([0.5, 0.95])).quantiles(mean[:1], np.ones(1))[0]
    assert found.tolist() == pytest.approx([0, 1])


def test_a_restless_series_gets_wider_quantiles() -> None:
    """At the same mean, who swung more in the past may swing more."""
    rng = np.random.default_rng(0)
    restless = rng.uniform(0.1, 1.0, 6_000)
    came = np.maximum(rng.normal(50, 40 * restless), 0)
    found = pools(np.full(6_000, 50.0), came, restless, np.array([0.1, 0.9])).quantiles(
        np.full(2, 50.0), np.array([0.2, 0.9])
    )
    assert np.diff(found[1])[0] > 1.8 * np.diff(found[0])[0]


def test_pinball_is_least_at_the_quantile() -> None:
    """What makes it the loss to choose by."""
    came = np.arange(101.0)
    losses = [pinball(came, np.full((101, 1), guess), np.array([0.9])).mean() for guess in (70.0, 90.0, 99.0)]
    assert losses[1] == min(losses)


def test_who_knows_gets_the_weight() -> None:
    """A member that is right against one that is noise."""
    rng = np.random.default_rng(0)
    truth = rng.uniform(1, 50, 4_000)
    came = rng.poisson(truth).astype(np.float64)
    said = np.stack([rng.permutation(truth), truth])
    chosen = blend.weights(said, came, np.zeros(4_000, dtype=np.intp), np.ones(4_000), 0)
    assert chosen[-1][1] >= 0.8
    assert np.allclose(blend.blended(said, np.zeros(4_000, dtype=np.intp), chosen), chosen[0] @ said)


def test_counts_have_whole_quantiles_that_widen_with_the_variance() -> None:
    """Poisson at least, negative binomial beyond; no demand, no quantile."""
    found = count_quantiles(np.array([4.0, 4.0, 0.0]), np.array([2.0, 20.0, 1.0]), np.array([0.5, 0.95]))
    assert found.tolist() == [[4, 8], [3, 13], [0, 0]]


def test_errors_that_last_make_a_sum_uncertain() -> None:
    """The same single errors, once independent and once lasting: sums of the latter need more."""
    rng = np.random.default_rng(0)
    apart = rng.normal(0, 3, 120)
    lasting = np.repeat(rng.normal(0, 3, 20), 6)
    levels = np.array([0.95])
    found = sum_quantiles(np.full((2, 6), 10.0), np.stack([apart, lasting]), levels)
    assert 60 < found[0, 0] < found[1, 0]
    with pytest.raises(TooLittle, match="13 are needed"):
        sum_quantiles(np.ones((1, 6)), np.ones((1, 12)), levels)


def test_reconciled_forecasts_add_up_and_trust_the_surer_node() -> None:
    """The sum was hardly ever wrong: the leaves give way to it."""
    rng = np.random.default_rng(0)
    summing = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    errors = rng.normal(0, 1, (3, 200)) * np.array([[0.1], [2.0], [2.0]])
    found = reconciled(np.array([[100.0], [40.0], [40.0]]), summing, errors)
    assert found[0] == pytest.approx(found[1] + found[2])
    assert found[0, 0] == pytest.approx(100, abs=1)
    assert (reconciled(np.array([[1.0], [-40.0], [3.0]]), summing, errors) >= 0).all()
    with pytest.raises(BadPanel, match="one row a node"):
        reconciled(np.ones((2, 1)), summing, errors)


def test_a_shrunk_covariance_keeps_its_variances() -> None:
    """Only correlations are shrunk."""
    errors = np.random.default_rng(0).normal(0, 2, (4, 30))
    found = shrunk_covariance(errors)
    assert np.allclose(np.diag(found), (errors**2).mean(1))
    assert (np.linalg.eigvalsh(found) > 0).all()


def test_a_change_at_the_top_is_spread_by_share() -> None:
    """Ten more units, by what each leaf is forecast; evenly where nothing is."""
    assert spread_down(np.array([10.0, 6.0]), np.array([[3.0, 0], [1.0, 0]])).tolist() == [[7.5, 3.0], [2.5, 3.0]]


def test_scores_are_those_of_a_hand() -> None:
    """One series, two periods, by hand."""
    past, came, mean = np.array([[0.0, 2, 0, 2]]), np.array([[3.0, 1]]), np.array([[2.0, 2]])
    found = score(past, came, mean, np.array([[[2.0], [2.0]]]), np.array([0.5]))
    assert (found.rmsse, found.wape, found.bias) == (0.5, 0.5, 0)
    assert found.wql == pytest.approx(0.5)
    assert found.coverage == 0.5
    assert value_added(came, mean, np.array([[0.0, 0]])).tolist() == [0.5]
