"""The whole forecast: rows at many origins, one global model, classical members, weights by kind, quantiles by pooling.

`forecast` tells each period, `forecast_sums` the demand of whole windows (lead time, lead time and review), which is learnt
as such: quantiles of a sum are no sums of quantiles. A fit takes seconds and is made anew when a forecast is
due: it is in no file, `Recipe` is what is kept beside the forecast.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from central.methods.forecasting import blend, trees
from central.methods.forecasting.classify import Kind, kinds
from central.methods.forecasting.effects import Effects, effects
from central.methods.forecasting.errors import TooLittle
from central.methods.forecasting.features import Rows, Sight, Window, rows_at
from central.methods.forecasting.members import NAMES
from central.methods.forecasting.panel import Floats, Ints, Panel
from central.methods.forecasting.pooling import Pools, pools
from central.methods.forecasting.training import Settings, folds_of, training_origins, training_rows

MEMBERS = (*NAMES, "global")


@dataclass(frozen=True)
class Recipe:
    """What a forecast rests on: weights of MEMBERS by kind name ("all" for the rest), rows learnt from, origins, periods."""

    weights: Mapping[str, tuple[float, ...]]
    rows: int
    origins: tuple[int, ...]
    first_period: int
    periods: int


@dataclass(frozen=True)
class Forecasts:
    """mean: (n, w) units; quantiles: (n, w, q); levels: (q,); kinds: (n,) of Kind; windows: what w stands for."""

    mean: Floats
    quantiles: Floats
    levels: Floats
    kinds: Ints
    windows: tuple[Window, ...]
    recipe: Recipe


@dataclass(frozen=True)
class Fitted:
    """All that was learnt; windows: what it was learnt for."""

    effects: Effects | None
    grown: trees.Folded | None
    weights: Mapping[int, Floats]
    pools: Pools
    windows: tuple[Window, ...]
    recipe: Recipe
    settings: Settings


def forecast(panel: Panel, horizon: int, settings: Settings | None = None) -> Forecasts:
    """Each of the next `horizon` periods. Raises TooLittle."""
    return forecast_windows(panel, [(step, step + 1) for step in range(horizon)], settings)


def forecast_sums(panel: Panel, lengths: Sequence[int], settings: Settings | None = None) -> Forecasts:
    """Demand summed over the next L periods, for each L of `lengths`. Raises TooLittle."""
    return forecast_windows(panel, [(0, length) for length in lengths], settings)


def forecast_windows(panel: Panel, windows: Sequence[Window], settings: Settings | None = None) -> Forecasts:
    """Demand summed over each window (first, last] after the end of the panel's sales. Raises TooLittle."""
    return predict(fit(panel, windows, settings), panel)


def fit(panel: Panel, windows: Sequence[Window], settings: Settings | None = None) -> Fitted:
    """Learn from all pasts of a panel. Raises TooLittle."""
    settings = settings or Settings()
    kept = _remembered(panel, settings.memory)
    _check(kept, windows, settings)
    learnt = effects(kept, settings.seed)
    kind, sight = kinds(kept), _sight(kept, learnt)
    origins = training_origins(kept.periods, windows, settings)
    rows, came, series = training_rows(sight, origins, windows, settings)
    if not len(came):
        raise TooLittle(f"no series has {settings.least_known} known periods: record more before a forecast is fitted")
    fold = folds_of(series, len(kind), settings.folds, settings.seed)
    grown = trees.fit(rows.values, rows.scale, came, fold, settings.seed, settings.shape)
    said = _said(rows, grown, fold)
    chosen = blend.weights(said, came, kind[series], rows.restless, settings.seed)
    pooled = pools(blend.blended(said, kind[series], chosen), came, rows.restless, np.array(settings.levels))
    recipe = Recipe(_named(chosen), len(came), tuple(origins), panel.periods - kept.periods, panel.periods)
    return Fitted(learnt, grown, chosen, pooled, tuple(windows), recipe, settings)


def predict(fitted: Fitted, panel: Panel) -> Forecasts:
    """What comes after the panel's sales, which may be longer than, or of other series than, those learnt from."""
    kept = _remembered(panel, fitted.settings.memory)
    _check(kept, fitted.windows, fitted.settings)
    kind, windows = kinds(kept), fitted.windows
    now = rows_at(_sight(kept, fitted.effects), kept.periods, windows)
    each = np.tile(kind, len(windows))
    mean = np.where(each == Kind.DEAD, 0.0, blend.blended(_said(now, fitted.grown, None), each, fitted.weights))
    found = fitted.pools.quantiles(mean, now.restless) * (mean > 0)[:, None]
    length = np.array([last - first for first, last in windows], dtype=np.float64)
    levels = fitted.pools.levels
    shaped = found.reshape(len(windows), len(kind), len(levels)).swapaxes(0, 1)
    whole = mean.reshape(len(windows), -1).T * length
    return Forecasts(whole, shaped * length[:, None], levels, kind, windows, fitted.recipe)


def _sight(panel: Panel, learnt: Effects | None) -> Sight:
    return Sight(panel, None if learnt is None or panel.inputs is None else learnt.factors(panel.inputs.values))


def _said(rows: Rows, grown: trees.Folded | None, fold: Ints | None) -> Floats:
    """(m, r) what each member says; `fold` given: only what was said without having seen the series."""
    if grown is None:
        return np.concatenate([rows.members, rows.members[:1]])
    if fold is None:
        return np.concatenate([rows.members, grown.ahead(rows.values, rows.scale)[None]])
    return np.concatenate([rows.members, grown.apart(rows.values, rows.scale, fold)[None]])


def _remembered(panel: Panel, memory: int) -> Panel:
    gone = panel.periods - memory
    if gone <= 0:
        return panel
    inputs = None if panel.inputs is None else panel.inputs.since(gone)
    return Panel(panel.sales[:, gone:], panel.season, inputs, panel.attributes, (panel.phase + gone) % panel.season)


def _check(panel: Panel, windows: Sequence[Window], settings: Settings) -> None:
    longest = max(last for _, last in windows)
    needed = settings.least_known + min(last for _, last in windows)
    if panel.periods < needed:
        raise TooLittle(f"{panel.periods} periods of history: {needed} are needed to forecast {longest} ahead")
    if panel.inputs is not None and panel.inputs.values.shape[1] < panel.periods + longest:
        planned = panel.inputs.values.shape[1] - panel.periods
        raise TooLittle(f"inputs are planned for {planned} periods, the forecast goes {longest} ahead: plan the rest")


def _named(weights: Mapping[int, Floats]) -> dict[str, tuple[float, ...]]:
    return {("all" if one < 0 else Kind(one).name.lower()): tuple(part.tolist()) for one, part in weights.items()}
