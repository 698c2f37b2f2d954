"""The whole forecast: rows at many origins, one global model, classical members, weights by kind, quantiles by pooling.

`forecast` tells each period, `forecast_sums` the demand of whole windows (lead time, lead time and review), which is learnt
as such: quantiles of a sum are no sums of quantiles. All is fitted anew from the panel each time; `Recipe` says how.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from central.methods.forecasting import blend, trees
from central.methods.forecasting.classify import Kind, kinds
from central.methods.forecasting.effects import effects
from central.methods.forecasting.errors import TooLittle
from central.methods.forecasting.features import Rows, Sight, Window, outcomes_at, rows_at
from central.methods.forecasting.members import NAMES
from central.methods.forecasting.panel import Floats, Ints, Panel
from central.methods.forecasting.pooling import Pools, pools

LEVELS = (0.05, 0.1, 0.2, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95, 0.975, 0.99)
MEMBERS = (*NAMES, "global")


@dataclass(frozen=True)
class Settings:
    """How a forecast is made. rows: most rows that are learnt from; origins: most pasts looked back to.

    memory: periods kept; least_known: a series with fewer known periods teaches nobody.
    """

    rows: int = 50_000
    origins: int = 16
    memory: int = 730
    least_known: int = 8
    levels: tuple[float, ...] = LEVELS
    shape: trees.Shape = field(default_factory=trees.Shape)
    seed: int = 0


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


def forecast(panel: Panel, horizon: int, settings: Settings | None = None) -> Forecasts:
    """Each of the next `horizon` periods. Raises TooLittle."""
    return forecast_windows(panel, [(step, step + 1) for step in range(horizon)], settings)


def forecast_sums(panel: Panel, lengths: Sequence[int], settings: Settings | None = None) -> Forecasts:
    """Demand summed over the next L periods, for each L of `lengths`. Raises TooLittle."""
    return forecast_windows(panel, [(0, length) for length in lengths], settings)


def forecast_windows(panel: Panel, windows: Sequence[Window], settings: Settings | None = None) -> Forecasts:
    """Demand summed over each window (first, last] after the end of the panel's sales. Raises TooLittle."""
    settings = settings or Settings()
    kept = _remembered(panel, settings.memory)
    _check(kept, windows, settings)
    return _forecast(kept, windows, settings, panel.periods - kept.periods)


@dataclass(frozen=True)
class _Learnt:
    halves: trees.Halves | None
    weights: Mapping[int, Floats]
    pooled: Pools
    rows: int


def _forecast(panel: Panel, windows: Sequence[Window], settings: Settings, first: int) -> Forecasts:
    sight = Sight(panel, effects(panel, panel.periods, settings.seed))
    kind = kinds(panel)
    origins = training_origins(panel.periods, windows, settings)
    learnt = _learn(sight, kind, origins, windows, settings)
    now = rows_at(sight, panel.periods, windows)
    mean = blend.blended(_said(now, learnt.halves, None), np.tile(kind, len(windows)), learnt.weights)
    mean = np.where(np.tile(kind == Kind.DEAD, len(windows)), 0.0, mean)
    length = np.array([last - first for first, last in windows], dtype=np.float64)
    shaped = mean.reshape(len(windows), -1).T
    recipe = Recipe(_named(learnt.weights), learnt.rows, tuple(origins), first, panel.periods)
    found = learnt.pooled.quantiles(shaped) * length[None, :, None] * (shaped > 0)[..., None]
    return Forecasts(shaped * length, found, np.array(settings.levels), kind, tuple(windows), recipe)


def _learn(sight: Sight, kind: Ints, origins: Sequence[int], windows: Sequence[Window], settings: Settings) -> _Learnt:
    rows, came, series = training_rows(sight, origins, windows, settings)
    half = np.random.default_rng(settings.seed).permutation(len(kind)) % 2
    halves = trees.fit(rows.values, rows.scale, came, half[series], settings.seed, settings.shape)
    said = _said(rows, halves, half[series])
    chosen = blend.weights(said, came, kind[series], rows.scale, settings.seed)
    pooled = pools(blend.blended(said, kind[series], chosen), came, np.array(settings.levels))
    return _Learnt(halves, chosen, pooled, len(came))


def _said(rows: Rows, halves: trees.Halves | None, half: Ints | None) -> Floats:
    """(m, r) what each member says; `half` given: only what was said without having seen the series."""
    if halves is None:
        return np.concatenate([rows.members, rows.members[:1]])
    if half is None:
        return np.concatenate([rows.members, halves.ahead(rows.values, rows.scale)[None]])
    return np.concatenate([rows.members, halves.apart(rows.values, rows.scale, half)[None]])


def training_origins(periods: int, windows: Sequence[Window], settings: Settings) -> list[int]:
    """Origins to learn at, evenly spread over the later part of the past; the latest just leaves room for one window."""
    shortest = min(last for _, last in windows)
    first = max(settings.least_known, min(periods // 3, periods - shortest - settings.origins))
    latest = periods - shortest
    count = min(settings.origins, latest - first + 1)
    return sorted({int(one) for one in np.linspace(latest, first, max(count, 1)).round()})


def training_rows(
    sight: Sight, origins: Sequence[int], windows: Sequence[Window], settings: Settings
) -> tuple[Rows, Floats, Ints]:
    """Rows at the origins, what came (r,), and which series (r,); a random part of the series where there are many."""
    count = len(sight.panel.sales)
    rng = np.random.default_rng(settings.seed)
    each = max(20, settings.rows // (len(origins) * len(windows)))
    parts: list[tuple[Rows, Floats, Ints]] = []
    for origin in origins:
        some = np.sort(rng.choice(count, each, replace=False)) if each < count else np.arange(count)
        parts.append(_rows_of(sight.of(some), some, origin, windows, settings.least_known))
    values, scale, members = (
        np.concatenate([part[0].values for part in parts]),
        np.concatenate([part[0].scale for part in parts]),
        np.concatenate([part[0].members for part in parts], axis=1),
    )
    return Rows(values, scale, members), np.concatenate([p[1] for p in parts]), np.concatenate([p[2] for p in parts])


def _rows_of(
    sight: Sight, series: Ints, origin: int, windows: Sequence[Window], least_known: int
) -> tuple[Rows, Floats, Ints]:
    past = [window for window in windows if origin + window[1] <= sight.panel.periods]
    rows, came = rows_at(sight, origin, past), outcomes_at(sight.panel, origin, past)
    old = np.tile(np.isfinite(sight.panel.sales[:, :origin]).sum(1) >= least_known, len(past))
    good = old & np.isfinite(came)
    return Rows(rows.values[good], rows.scale[good], rows.members[:, good]), came[good], np.tile(series, len(past))[good]


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
