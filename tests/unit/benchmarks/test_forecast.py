"""The benchmark of forecasts runs on demand that is made up, at one origin and at more."""

import numpy as np
import pytest

from benchmarks.forecast import averaged, measured
from benchmarks.forecast_data import Set
from benchmarks.report import Options
from central.methods.forecasting.metrics import Score
from central.methods.forecasting.panel import Panel

QUICK = Options(data=None, quick=True, json=True)
PERIODS, AHEAD = 24, 2


def shop(series: int = 12) -> Set:
    """Counts around a level of their own."""
    rng = np.random.default_rng(1)
    return Set("shop", Panel(np.asarray(rng.poisson(rng.uniform(1, 9, (series, 1)), (series, PERIODS)), np.float64)), AHEAD)


def test_all_figures_come_of_made_up_demand() -> None:
    """Every score of ours and of every peer, and the two that look over all sets."""
    found = measured([shop()], QUICK)
    assert {"shop_rmsse", "shop_wape", "shop_wql", "worst_over_ses", "coverage_95_worst"} <= found.figures.keys()
    assert 0 < float(found.figures["shop_rmsse"] or 0) < 1.2
    assert {row[1] for row in found.rows[1:]} == {"Zero", "SeasonalNaive", "SES", "TSB", "IMAPA", "HGB plain", "ours"}


def test_earlier_windows_end_where_later_ones_begin() -> None:
    """Each window is forecast from what came before it alone, and none without a past of two windows."""
    first, second, third = shop().rolled(3)
    assert [one.panel.periods for one in (first, second, third)] == [24, 22, 20]
    assert np.array_equal(second.window(), shop().panel.sales[:, -4:-2])
    assert second.upto_last_window().periods == PERIODS - 2 * AHEAD
    assert [one.panel.periods for one in Set("short", shop().panel, 12).rolled(4)] == [24]


def test_windows_are_averaged_by_forecaster() -> None:
    """A forecaster without quantiles stays without."""
    good, bad = Score(0.5, 0.4, 0.1, 0.3, 0.95, 7), Score(0.7, 0.6, -0.1, 0.5, 0.93, 6)
    bare = Score(1.0, 1.0, 0.0, None, None, 7)
    mean = averaged([{"ours": good, "Zero": bare}, {"ours": bad, "Zero": bare}])
    assert (mean["ours"].rmsse, mean["ours"].bias) == pytest.approx((0.6, 0.0))
    assert mean["ours"].series == 7
    assert mean["ours"].wql == pytest.approx(0.4)
    assert mean["Zero"].coverage is None
