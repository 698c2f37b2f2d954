"""Units asked for over a wait, of many items at once: one learned mean, one learned dispersion, counts around them. Pure.

Method: gradient boosting on histograms with Poisson loss (Friedman 2001) for the mean of the sum, relative to each item's
own level and weighted by it, leaning on an exponentially decayed mean; a second one for the squared Pearson residual on
origins that the first did not see, which holds what is wrong with the mean as well as chance; quantiles of a negative
binomial of both. All items teach the tail together, so that few waits an item suffice. Weak where fewer than some twenty
items sell. scikit-learn is loaded on fitting.
"""

from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from central.methods.inventory import counts
from central.methods.inventory.errors import BadHistory, TooShort

Floats = NDArray[np.float64]

YEAR_D = 364
LEARNS_FROM_D = 2 * YEAR_D
STEP_D = 7
LEAST_LEVEL = 0.02
MOST_RESIDUAL = 50.0
LEAST_SEEN_D = 56
LEAST_ORIGINS = 14
LEVEL_SHARE, DECAY = 0.25, 0.03  # chosen on a year before the one that is reported


class Learned(Protocol):
    """A fitted scikit-learn regressor."""

    def predict(self, values: Floats, /) -> Floats:
        """(n,)."""
        ...


@dataclass(frozen=True)
class History:
    """units: (items, days), sold; known: (items, days or more, k), what is known ahead (events, season); kind: (items,)."""

    units: Floats
    known: Floats
    kind: Floats

    def __post_init__(self) -> None:
        items, days = self.units.shape
        if self.known.shape[0] != items or self.known.shape[1] < days or len(self.kind) != items:
            raise BadHistory(f"{items} items over {days} days, but known is {self.known.shape}, kind {self.kind.shape}")

    def until(self, day: int) -> "History":
        """What was known before a day: sales are cut off, what is known ahead is not."""
        return History(self.units[:, :day], self.known, self.kind)


@dataclass(frozen=True)
class SumModel:
    """Fitted for a wait of `wait_d` days."""

    wait_d: int
    mean: Learned
    dispersion: Learned

    def moments(self, history: History) -> tuple[Floats, Floats]:
        """Mean and variance of the sum over the wait that begins where the sales end, (items,) each."""
        rows, level = features(history, self.wait_d)
        learned = self.mean.predict(rows) * level
        mean = np.maximum((1 - LEVEL_SHARE) * learned + LEVEL_SHARE * self.wait_d * _decayed(history.units), LEAST_LEVEL)
        dispersion = self.dispersion.predict(np.column_stack([rows, np.log(mean)]))
        return mean, dispersion * mean

    def quantile(self, probability: float, history: History) -> Floats:
        """The least units that are not exceeded with that probability, (items,)."""
        return counts.quantile(probability, *self.moments(history))


def fitted(history: History, wait_d: int, seed: int = 0) -> SumModel:
    """Learn from the waits that ended within the history, one begun a week. Raises TooShort."""
    rows, level, units, origin = _stacked(history, _origins(history, wait_d), wait_d)
    mean = _poisson(rows, units / level, level, seed, rounds=150, leaves=8, least=60)
    half = float(np.median(origin))
    early, late = origin <= half - wait_d, origin > half
    judge = _poisson(rows[early], (units / level)[early], level[early], seed, rounds=150, leaves=8, least=60)
    expected = np.maximum(judge.predict(rows[late]) * level[late], LEAST_LEVEL)
    residual = np.minimum((units[late] - expected) ** 2 / expected, MOST_RESIDUAL)
    seen = np.column_stack([rows[late], np.log(expected)])
    return SumModel(wait_d, mean, _poisson(seen, residual, np.ones(len(residual)), seed, rounds=60, leaves=6, least=100))


def waits(history: History, wait_d: int) -> tuple[Floats, Floats, Floats]:
    """Rows, levels and units asked for of the waits that ended within the history, one begun a week. Raises TooShort."""
    return _stacked(history, _origins(history, wait_d), wait_d)[:3]


def features(history: History, wait_d: int) -> tuple[Floats, Floats]:
    """Rows (items, p) of what is known where the sales end, and each item's level in units a day (items,)."""
    units, now = history.units, history.units.shape[1]
    total = np.concatenate([np.zeros((len(units), 1)), np.cumsum(units, 1)], axis=1)

    def a_day(back: int, until: int = 0) -> Floats:
        return np.asarray((total[:, now - until] - total[:, max(0, now - until - back)]) / back, dtype=np.float64)

    level = np.maximum(0.5 * a_day(28) + 0.3 * a_day(56) + 0.2 * a_day(182), LEAST_LEVEL)
    year_ago = (total[:, now - YEAR_D + wait_d] - total[:, now - YEAR_D]) / wait_d
    recent, half_year = units[:, -56:], units[:, -182:]
    relative = [a_day(7), a_day(14), a_day(28), a_day(28, 28), a_day(56), a_day(182), a_day(YEAR_D), year_ago]
    relative += [recent.std(1), recent.max(1), half_year.max(1)]
    absolute = [np.log(level), _since_sold(half_year), (recent > 0).mean(1), (half_year > 0).mean(1), _age(units)]
    ahead = history.known[:, now : now + wait_d].mean(1)
    rows = np.column_stack([np.column_stack(relative) / level[:, None], *absolute, ahead, history.kind])
    return np.asarray(rows, dtype=np.float64), np.asarray(level, dtype=np.float64)


def _origins(history: History, wait_d: int) -> NDArray[np.int_]:
    days = history.units.shape[1]
    first = max(YEAR_D, days - wait_d - LEARNS_FROM_D)
    origins = np.arange(days - wait_d, first - 1, -STEP_D)[::-1]
    if len(origins) < LEAST_ORIGINS:
        raise TooShort(f"{days} days of sales: learning a wait of {wait_d} takes {YEAR_D + wait_d + LEAST_ORIGINS * STEP_D}")
    return origins


def _stacked(history: History, origins: NDArray[np.int_], wait_d: int) -> tuple[Floats, Floats, Floats, Floats]:
    blocks: list[tuple[Floats, Floats, Floats, Floats]] = []
    for origin in origins:
        past = history.until(int(origin))
        known = _age(past.units) > LEAST_SEEN_D
        rows, level = features(past, wait_d)
        units = history.units[:, origin : origin + wait_d].sum(1)
        blocks.append((rows[known], level[known], units[known], np.full(int(known.sum()), float(origin))))
    rows, level, units, origin_of = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return rows, level, units, origin_of


def _poisson(rows: Floats, target: Floats, weight: Floats, seed: int, *, rounds: int, leaves: int, least: int) -> Learned:
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415

    model = HistGradientBoostingRegressor(
        loss="poisson",
        learning_rate=0.05,
        max_iter=rounds,
        max_leaf_nodes=leaves,
        min_samples_leaf=least,
        random_state=seed,
    )
    return cast(Learned, model.fit(rows, target, sample_weight=weight))


def _decayed(units: Floats) -> Floats:
    """Units a day of the last year, old days counting ever less, (items,)."""
    recent = units[:, -YEAR_D:]
    weights = (1 - DECAY) ** np.arange(recent.shape[1])[::-1]
    return np.asarray(recent @ weights / weights.sum(), dtype=np.float64)


def _since_sold(units: Floats) -> Floats:
    sold = units[:, ::-1] > 0
    return np.asarray(np.where(sold.any(1), sold.argmax(1), units.shape[1]), dtype=np.float64)


def _age(units: Floats) -> Floats:
    """Days since the first sale, at most 800; 0 before it."""
    sold = units > 0
    return np.where(sold.any(1), np.minimum(units.shape[1] - sold.argmax(1), 800), 0).astype(np.float64)
