"""Quantiles of units asked for over a wait: negative binomial, with the wait itself uncertain. Pure.

A wait is a mixture: each possible lead time with its weight, none replaced by their mean. Demand over a wait of w days has
mean w·m and variance w·m·dispersion; what is told is the least level that all of the mixture together exceeds with at most
the chance that is left. Negative binomial as in Syntetos & Boylan (2006); dispersion 1 is Poisson.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

LEAST_DISPERSION = 1.01
LEAST_MEAN = 0.02


def quantile(probability: float, mean: Floats, variance: Floats) -> Floats:
    """The least whole units that are not exceeded with that probability; mean, variance and answer of one shape."""
    mean = np.maximum(mean, LEAST_MEAN)
    share = mean / np.maximum(variance, mean * LEAST_DISPERSION)
    return cast(Floats, stats.nbinom.ppf(probability, mean * share / (1 - share), share))


@dataclass(frozen=True)
class Rate:
    """Units a day, and how much more they vary than chance alone would make them: variance over mean, of sums of days."""

    mean_d: float
    dispersion: float

    @classmethod
    def of(cls, history: Sequence[float], half_life_d: float) -> "Rate":
        """From units sold a day, oldest first; a day counts half as much as one that is `half_life_d` newer."""
        units = np.asarray(history, dtype=np.float64)
        weight = 0.5 ** (np.arange(len(units))[::-1] / half_life_d)
        mean = float(np.average(units, weights=weight))
        if mean <= 0:
            return cls(0.0, 1.0)
        spread = float(np.average((units - mean) ** 2, weights=weight))
        return cls(mean, max(spread / mean, LEAST_DISPERSION))


@dataclass(frozen=True)
class Wait:
    """Days until an order that is not placed now would be there, each with its weight: lead time plus review."""

    days: tuple[float, ...]
    weights: tuple[float, ...]

    @property
    def mean_d(self) -> float:
        """Mean of the days."""
        return float(np.average(self.days, weights=self.weights))


def exceeded(level: float, rate: Rate, wait: Wait) -> float:
    """The chance that more than `level` units are asked for during the wait."""
    means = np.maximum(np.asarray(wait.days) * rate.mean_d, 1e-9)
    share = 1 / max(rate.dispersion, LEAST_DISPERSION)
    chances = stats.nbinom.sf(np.floor(level), means * share / (1 - share), share)
    return float(np.average(chances, weights=wait.weights))


def level(probability: float, rate: Rate, wait: Wait) -> int:
    """The least whole units that are not exceeded with that probability during the wait."""
    low, high = -1, 1
    while exceeded(high, rate, wait) > 1 - probability:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if exceeded(middle, rate, wait) > 1 - probability else (low, middle)
    return high if exceeded(0, rate, wait) > 1 - probability else 0


def shortfall(level_units: float, rate: Rate, wait: Wait) -> float:
    """Units asked for beyond `level_units` during the wait, on average: what would be lost. Σ P(more than k), k ≥ level."""
    reach = level(1 - 1e-6, rate, wait)
    beyond = range(int(level_units), max(reach, int(level_units)) + 1)
    step = max(1, len(beyond) // 2000)
    return float(sum(exceeded(units, rate, wait) * step for units in beyond[::step]))
