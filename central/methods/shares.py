"""What share of something is bad, from few looks: a beta-binomial estimate that borrows from its neighbours. Pure.

Method: empirical Bayes with a beta prior fitted to the neighbours by moments (Kleinman 1973, Proportions with extraneous
variance), never heavier than `MOST_WEIGHT` looks; the posterior is a beta distribution, so intervals and chances are exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

LEAST_WEIGHT, MOST_WEIGHT = 2.0, 200.0  # few neighbours cannot show that all are alike
GRID = 2001


@dataclass(frozen=True)
class Looked:
    """So many bad among so many looked at."""

    bad: int
    looked_at: int


@dataclass(frozen=True)
class Belief:
    """A beta distribution of a share: `a` counts the bad and `b` the good, the prior's included."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        """The share that is expected."""
        return self.a / (self.a + self.b)

    def interval(self, share: float) -> tuple[float, float]:
        """Where it lies with probability `share`, equal tails."""
        tail = (1 - share) / 2
        return float(beta.ppf(tail, self.a, self.b)), float(beta.ppf(1 - tail, self.a, self.b))

    def chance_above(self, limit: float) -> float:
        """The probability that the share is larger than `limit`."""
        return float(beta.sf(limit, self.a, self.b))


def prior(neighbours: Sequence[Looked], expected: float) -> Belief:
    """What to believe before looking: as the neighbours are, or `expected` with the weight of two looks without any.

    Neighbours that differ no more than chance explains give the heaviest prior.
    """
    seen = [one for one in neighbours if one.looked_at > 0]
    looked_at = np.array([one.looked_at for one in seen], dtype=float)
    if len(seen) < 2:
        return _belief(expected, LEAST_WEIGHT)
    shares = np.array([one.bad for one in seen]) / looked_at
    mean = float((shares * looked_at).sum() / looked_at.sum())
    if not 0 < mean < 1:
        return _belief(expected, LEAST_WEIGHT)
    return _belief(mean, _weight(shares, looked_at, mean))


def _weight(shares: np.ndarray, looked_at: np.ndarray, mean: float) -> float:
    """How many looks the prior is worth: the fewer, the more the neighbours differ beyond chance."""
    total = looked_at.sum()
    spread = float((looked_at * (shares - mean) ** 2).sum() / total)
    by_chance = mean * (1 - mean) * (len(shares) - 1) / total
    beyond = (spread - by_chance) / (1 - float((looked_at**2).sum()) / total**2)
    if beyond <= 0:
        return MOST_WEIGHT
    return float(np.clip(mean * (1 - mean) / beyond - 1, LEAST_WEIGHT, MOST_WEIGHT))


def _belief(mean: float, weight: float) -> Belief:
    return Belief(max(mean * weight, 1e-6), max((1 - mean) * weight, 1e-6))


def belief(seen: Looked, before: Belief) -> Belief:
    """What to believe after looking. Raises ValueError when more are bad than were looked at."""
    if not 0 <= seen.bad <= seen.looked_at:
        raise ValueError(f"{seen.bad} bad of {seen.looked_at}")
    return Belief(before.a + seen.bad, before.b + seen.looked_at - seen.bad)


def chance_of_rise(earlier: Belief, later: Belief) -> float:
    """The probability that the later share is larger than the earlier one: both by their quantiles, on a grid."""
    levels = (np.arange(GRID) + 0.5) / GRID
    return float(np.mean(beta.cdf(beta.ppf(levels, later.a, later.b), earlier.a, earlier.b)))
