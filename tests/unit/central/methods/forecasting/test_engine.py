"""The whole forecast, on made-up demand whose truth is known."""

import numpy as np
import pytest

from central.methods.forecasting.classify import Kind
from central.methods.forecasting.engine import MEMBERS, Forecasts, fit, forecast, forecast_sums, predict
from central.methods.forecasting.errors import BadPanel, TooLittle
from central.methods.forecasting.explain import explained
from central.methods.forecasting.panel import Floats, Inputs, Panel
from central.methods.forecasting.training import Settings, training_origins
from central.methods.forecasting.trees import Shape

QUICK = Settings(rows=4_000, origins=6, folds=2, shape=Shape(rounds=40, rate=0.15))
PERIODS, AHEAD = 52, 4


def counts(series: int = 60, periods: int = PERIODS + AHEAD, seed: int = 1) -> Floats:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.poisson(rng.uniform(0.3, 20, (series, 1)), (series, periods)), dtype=np.float64)


def promoted(seed: int = 3) -> tuple[Panel, Floats]:
    """A promotion every fifth period or so triples what is sold; returns the known past and all sales."""
    rng = np.random.default_rng(seed)
    on = (rng.random((80, PERIODS + AHEAD)) < 0.2).astype(np.float64)
    sales = np.asarray(rng.poisson(rng.uniform(4, 20, (80, 1)) * (1 + 2 * on)), dtype=np.float64)
    return Panel(sales[:, :PERIODS], 1, Inputs(on[..., None], ("deal",), ("promotion",))), sales


@pytest.fixture(scope="module")
def steady() -> Forecasts:
    return forecast(Panel(counts()[:, :PERIODS]), AHEAD, QUICK)


def test_a_steady_demand_is_met_by_mean_and_quantiles(steady: Forecasts) -> None:
    """Counts around a level of their own: no bias, and nine of ten outcomes below the 90 % quantile."""
    came = counts()[:, PERIODS:]
    assert abs(steady.mean.sum() / came.sum() - 1) < 0.05
    ninety = steady.quantiles[:, :, list(steady.levels).index(0.9)]
    assert 0.84 < (came <= ninety).mean() < 0.97


def test_quantiles_rise_and_are_never_negative(steady: Forecasts) -> None:
    """A law whatever the data."""
    assert (np.diff(steady.quantiles, axis=2) >= 0).all()
    assert (steady.quantiles >= 0).all()


def test_the_recipe_names_members_that_sum_to_one(steady: Forecasts) -> None:
    """What is stored beside a forecast says what it rests on."""
    assert steady.recipe.periods == PERIODS
    for weights in steady.recipe.weights.values():
        assert len(weights) == len(MEMBERS)
        assert sum(weights) == pytest.approx(1)


def test_the_same_panel_gives_the_same_forecast(steady: Forecasts) -> None:
    """Chance comes from the seed only."""
    again = forecast(Panel(counts()[:, :PERIODS]), AHEAD, QUICK)
    assert np.array_equal(again.quantiles, steady.quantiles)


def test_a_planned_promotion_is_foreseen_and_explained() -> None:
    """With the plan the promoted periods are near three times the others; the parts add up and name the promotion."""
    panel, sales = promoted()
    fitted = fit(panel, [(step, step + 1) for step in range(AHEAD)], QUICK)
    made = predict(fitted, panel)
    assert panel.inputs is not None
    on = panel.inputs.values[:, PERIODS:, 0] > 0
    level = sales[:, :PERIODS].mean(1)[:, None]
    ratio = made.mean / level
    assert 2.2 < ratio[on].mean() / ratio[~on].mean() < 3.6
    parts = explained(fitted, panel)
    assert np.allclose(parts.total(), made.mean)
    assert parts.inputs["promotion"][on].mean() > 5 * abs(parts.inputs["promotion"][~on]).mean()


def test_a_sum_is_narrower_than_the_sum_of_its_quantiles(steady: Forecasts) -> None:
    """Independent periods even out: a sum's 95 % quantile lies below four single ones, its mean at their sum."""
    whole = forecast_sums(Panel(counts()[:, :PERIODS]), [AHEAD], QUICK)
    high = list(whole.levels).index(0.95)
    assert whole.quantiles[:, 0, high].sum() < 0.97 * steady.quantiles[:, :, high].sum()
    assert whole.mean.sum() == pytest.approx(steady.mean.sum(), rel=0.05)


def test_a_dead_item_is_forecast_at_nothing() -> None:
    """Not sold for half a year: nothing, at every quantile."""
    sales = counts()[:, :PERIODS]
    sales[0, 20:] = 0
    made = forecast(Panel(sales), AHEAD, QUICK)
    assert made.kinds[0] == Kind.DEAD
    assert not made.quantiles[0].any()


def test_an_item_of_no_past_stays_sane_and_disturbs_nobody() -> None:
    """Three known periods: a finite forecast near them, though trees see a hundred times its scale elsewhere."""
    sales = counts()[:, :PERIODS]
    sales[0, :-3] = np.nan
    sales[0, -3:] = [4, 6, 5]
    made = forecast(Panel(sales), AHEAD, QUICK)
    assert made.kinds[0] == Kind.NEW
    assert ((made.mean[0] > 1) & (made.mean[0] < 15)).all()
    assert np.isfinite(made.quantiles).all()


def test_gaps_are_not_zeros() -> None:
    """A tenth of the periods unknown: the level is that of the known ones."""
    sales = counts()[:, :PERIODS]
    sales[np.random.default_rng(2).random(sales.shape) < 0.1] = np.nan
    made = forecast(Panel(sales), AHEAD, QUICK)
    assert made.mean.sum() / AHEAD == pytest.approx(np.nanmean(sales, axis=1).sum(), rel=0.06)


def test_nothing_sold_anywhere_is_nothing_ahead() -> None:
    """No trees can be grown, and none are needed."""
    made = forecast(Panel(np.zeros((5, 30))), 2, QUICK)
    assert not made.mean.any()


def test_too_short_a_past_and_an_unplanned_future_are_named() -> None:
    """What there is, what it takes."""
    with pytest.raises(TooLittle, match="5 periods of history: 9 are needed"):
        forecast(Panel(np.ones((3, 5))), AHEAD, QUICK)
    panel, _ = promoted()
    with pytest.raises(TooLittle, match="plan the rest"):
        forecast(panel, AHEAD + 1, QUICK)
    with pytest.raises(BadPanel, match="do not cover"):
        Panel(np.ones((3, 5)), 1, Inputs(np.ones((3, 4, 1)), ("deal",), ("promotion",)))


def test_the_latest_past_leaves_room_for_one_window() -> None:
    """Origins never look at what they are to foresee."""
    origins = training_origins(40, [(0, 1), (1, 2)], QUICK)
    assert max(origins) == 39
    assert min(origins) >= QUICK.least_known
    assert max(training_origins(40, [(0, 6)], QUICK)) == 34
