"""The small classical forecasts of one origin, means a period over windows: they are blended, and trees are told them."""

from collections.abc import Sequence

import numpy as np

from central.methods.forecasting.intermittent import imapa, tsb
from central.methods.forecasting.panel import Floats, Panel
from central.methods.forecasting.smoothing import seasonal, ses

Window = tuple[int, int]

NAMES = ("ses", "imapa", "tsb", "seasonal")
LONGEST_SEASON = 26


def members(panel: Panel, origin: int, windows: Sequence[Window], factors: Floats | None) -> Floats:
    """(members, windows, n) units a period. factors: of `effects`, which "seasonal" uses where there is no short season."""
    sales = panel.sales[:, :origin]
    horizon = max(last for _, last in windows)
    flat = np.stack([ses(sales), imapa(sales), tsb(sales)])
    season = panel.season if panel.season <= LONGEST_SEASON else 1
    path = seasonal(sales, season, horizon, panel.phase) if season > 1 else _planned(sales, factors, origin, horizon)
    over = np.stack([path[:, first:last].mean(1) for first, last in windows])
    return np.concatenate([np.tile(flat[:, None], (1, len(windows), 1)), over[None]])


def _planned(sales: Floats, factors: Floats | None, origin: int, horizon: int) -> Floats:
    """(n, horizon) by smoothing what would have been sold without effects, times the effects of the plan."""
    if factors is None:
        return np.tile(ses(sales)[:, None], (1, horizon))
    level = ses(sales / factors[:, :origin])
    return np.asarray(level[:, None] * factors[:, origin : origin + horizon])
