"""What others would order up to: rules of thumb, formulas on recent days, and gradient boosting on the quantile itself."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from central.methods.inventory import counts, sums
from central.methods.inventory.sums import History

Floats = NDArray[np.float64]
Peer = Callable[[float, History, int], Floats]

RECENT_D = 56
HALF_YEAR_D = 182
YEAR_D = 364
DECAY = 0.05
COVER_D: Mapping[float, float] = MappingProxyType({0.9: 7.0, 0.95: 14.0, 0.98: 21.0})  # beyond the wait


def cover(share: float, past: History, wait_d: int) -> Floats:
    """The mean of four weeks, times the wait and some days more; `share` only names how many."""
    return np.asarray(past.units[:, -28:].mean(1) * (wait_d + COVER_D[share]), dtype=np.float64)


def normal(share: float, past: History, wait_d: int) -> Floats:
    """Mean and standard deviation of eight weeks, as textbooks have it."""
    mean, variance = _moments(past.units[:, -RECENT_D:], np.ones(RECENT_D))
    return mean * wait_d + float(stats.norm.ppf(share)) * np.sqrt(variance * wait_d)


def negative_binomial(share: float, past: History, wait_d: int) -> Floats:
    """Counts with the mean and variance of eight weeks."""
    mean, variance = _moments(past.units[:, -RECENT_D:], np.ones(RECENT_D))
    return counts.quantile(share, mean * wait_d, variance * wait_d)


def decayed_negative_binomial(share: float, past: History, wait_d: int) -> Floats:
    """The same of a year in which old days count ever less."""
    weights = np.asarray((1 - DECAY) ** np.arange(YEAR_D)[::-1], dtype=np.float64)
    mean, variance = _moments(past.units[:, -YEAR_D:], weights)
    return counts.quantile(share, mean * wait_d, variance * wait_d)


def empirical(share: float, past: History, wait_d: int) -> Floats:
    """The quantile of the sums of each stretch of half a year."""
    total = np.concatenate([np.zeros((len(past.units), 1)), np.cumsum(past.units[:, -HALF_YEAR_D:], 1)], axis=1)
    return cast(Floats, np.quantile(total[:, wait_d:] - total[:, :-wait_d], share, axis=1))


PEERS: Mapping[str, Peer] = MappingProxyType(
    {
        "days of cover": cover,
        "normal": normal,
        "negative binomial": negative_binomial,
        "decayed negative binomial": decayed_negative_binomial,
        "empirical sums": empirical,
    }
)


def boosted(share: float, past: History, wait_d: int, *, is_weighted: bool) -> Callable[[History], Floats]:
    """Gradient boosting on the quantile of the sum, relative to each item's level: 200 rounds of 31 leaves."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415

    rows, level, units = sums.waits(past, wait_d)
    settings: dict[str, Any] = {"loss": "quantile", "quantile": share, "max_iter": 200, "random_state": 0}
    model = HistGradientBoostingRegressor(**settings)
    model.fit(rows, units / level, sample_weight=level if is_weighted else None)

    def level_at(now: History) -> Floats:
        seen, scale = sums.features(now, wait_d)
        return cast(Floats, model.predict(seen) * scale)

    return level_at


def _moments(units: Floats, weights: Floats) -> tuple[Floats, Floats]:
    weights = weights[-units.shape[1] :] / weights[-units.shape[1] :].sum()
    mean = units @ weights
    return mean, ((units - mean[:, None]) ** 2) @ weights
