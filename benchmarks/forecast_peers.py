"""What forecasts are held against, on the same past and window: nothing, last season, smoothing, a plain global model."""

from collections.abc import Callable, Mapping

import numpy as np

from central.methods.forecasting.intermittent import imapa, tsb
from central.methods.forecasting.panel import Floats, Panel
from central.methods.forecasting.smoothing import ses

Peer = Callable[[Panel, int, Floats], tuple[Floats, Floats | None]]
LAGS = 13
ORIGINS = 14
ROWS = 30_000


def zero(panel: Panel, horizon: int, _: Floats) -> tuple[Floats, Floats | None]:
    """Nothing will be sold."""
    return np.zeros((len(panel.sales), horizon)), None


def seasonal_naive(panel: Panel, horizon: int, levels: Floats) -> tuple[Floats, Floats | None]:
    """The same as a season ago; with less than a season of history, as the last period."""
    season = panel.season if panel.season < panel.periods else 1
    past = np.nan_to_num(panel.sales)
    mean = np.take(past[:, -season:], np.arange(horizon) % season, axis=1)
    return mean, _normal(mean, panel.sales[:, season:] - panel.sales[:, :-season], levels)


def smoothed(panel: Panel, horizon: int, levels: Floats) -> tuple[Floats, Floats | None]:
    """Simple exponential smoothing, the decay of each series chosen, with normal intervals."""
    level = ses(panel.sales)
    mean = np.tile(level[:, None], (1, horizon))
    return mean, _normal(mean, panel.sales[:, -104:] - level[:, None], levels)


def by_tsb(panel: Panel, horizon: int, _: Floats) -> tuple[Floats, Floats | None]:
    """Teunter, Syntetos and Babai."""
    return np.tile(tsb(panel.sales)[:, None], (1, horizon)), None


def by_imapa(panel: Panel, horizon: int, _: Floats) -> tuple[Floats, Floats | None]:
    """Petropoulos and Kourentzes."""
    return np.tile(imapa(panel.sales)[:, None], (1, horizon)), None


def plain_boosting(panel: Panel, horizon: int, levels: Floats) -> tuple[Floats, Floats | None]:
    """Gradient boosting on lags, distance and inputs as scikit-learn sets it: Poisson mean, one quantile model a level."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 (slow to load)

    last = panel.periods
    origins = [last - step for step in range(1, ORIGINS * max(1, horizon // 8) + 1) if last - step > LAGS]
    told = [_told(panel, origin, step) for origin in origins for step in range(min(horizon, last - origin))]
    came = [panel.sales[:, origin + step] for origin in origins for step in range(min(horizon, last - origin))]
    values, scale, truth = (
        np.concatenate([one for one, _ in told]),
        np.concatenate([one for _, one in told]),
        np.concatenate(came),
    )
    good = np.flatnonzero(np.isfinite(truth))
    some = np.random.default_rng(0).permutation(good)[:ROWS]
    ahead = [_told(panel, last, step) for step in range(horizon)]

    def fitted(**loss: str | float) -> Floats:
        model = HistGradientBoostingRegressor(early_stopping=False, random_state=0, **loss)
        model.fit(values[some], truth[some] / scale[some])
        return np.column_stack([np.maximum(model.predict(one), 0) * size for one, size in ahead])

    mean = fitted(loss="poisson")
    return mean, np.stack([fitted(loss="quantile", quantile=level) for level in levels.tolist()], axis=2)


PEERS: Mapping[str, Peer] = {
    "Zero": zero,
    "SeasonalNaive": seasonal_naive,
    "SES": smoothed,
    "TSB": by_tsb,
    "IMAPA": by_imapa,
    "HGB plain": plain_boosting,
}


def _normal(mean: Floats, errors: Floats, levels: Floats) -> Floats:
    from scipy.stats import norm  # noqa: PLC0415 (slow to load)

    spread = np.sqrt(np.nanmean(errors**2, axis=1))
    return np.asarray(np.maximum(mean[..., None] + spread[:, None, None] * norm.ppf(levels), 0.0))


def _told(panel: Panel, origin: int, step: int) -> tuple[Floats, Floats]:
    past = np.nan_to_num(panel.sales[:, origin - LAGS : origin])
    scale = np.maximum(past.mean(1), 0.1)
    place = np.tile([step, (origin + step) % panel.season], (len(past), 1))
    parts = [past / scale[:, None], np.log(scale)[:, None], place]
    if panel.inputs is not None:
        parts.append(panel.inputs.values[:, origin + step])
    return np.column_stack(parts), scale
