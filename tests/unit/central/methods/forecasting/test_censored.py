"""Demand behind sales that stopped because the shelf was empty."""

import numpy as np
import pytest

from benchmarks.censoring import shelf
from central.methods.forecasting.censored import demand_at_least, latent_demand
from central.methods.forecasting.errors import BadPanel
from central.methods.forecasting.panel import Floats


def demand(seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.poisson(6 * rng.gamma(1.5, 1 / 1.5, (12, 300))), dtype=np.float64)


def test_what_stood_unsold_is_found_from_when_the_shelf_ran_empty() -> None:
    """A quarter of demand lost: sales say a quarter less, the estimate is within a few percent."""
    seen = shelf(demand(), 0.76, 1)
    assert seen.sales.sum() / seen.demand.sum() == pytest.approx(0.76, abs=0.04)
    found = latent_demand(seen.sales, seen.available)
    assert found.mean.sum() / seen.demand.mean(1).sum() == pytest.approx(1, abs=0.05)
    assert np.nansum(found.demand) / seen.demand.sum() == pytest.approx(1, abs=0.06)


def test_without_the_moment_sold_out_alone_still_helps() -> None:
    """Gamma demand, only flags: nearer than sales by far."""
    seen = shelf(demand(), 0.76, 1)
    found = demand_at_least(seen.sales, seen.sold_out)
    assert abs(found.mean.sum() / seen.demand.mean(1).sum() - 1) < 0.12


def test_a_full_shelf_hides_nothing() -> None:
    """Always available: demand is what was sold."""
    sales = demand()
    found = latent_demand(sales, np.ones_like(sales))
    assert np.array_equal(found.demand, sales)
    assert found.mean == pytest.approx(sales.mean(1), rel=0.01)
    assert found.dispersion.max() < 5


def test_a_day_without_stock_gets_what_is_usual_that_day() -> None:
    """Empty from the morning: the mean, times what the day of the week is worth."""
    sales = np.full((1, 40), 10.0)
    available, factors = np.ones((1, 40)), np.ones((1, 40))
    sales[0, 7], available[0, 7], factors[0, 7] = 0, 0, 2
    assert latent_demand(sales, available, factors).demand[0, 7] == pytest.approx(20, rel=0.02)


def test_unknown_stays_unknown_and_lies_are_survived() -> None:
    """A gap is no demand; sales from a shelf that was called empty all day do not divide by zero."""
    sales = np.array([[3.0, np.nan, 5.0, 4.0]])
    found = latent_demand(sales, np.array([[1.0, 1.0, 0.0, 7.0]]))
    assert np.isnan(found.demand[0, 1])
    assert np.isfinite(found.mean).all()
    with pytest.raises(BadPanel, match="one share a period"):
        latent_demand(sales, np.ones((1, 3)))
