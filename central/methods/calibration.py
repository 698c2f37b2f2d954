"""Probabilities that mean what they say, how sure they are, and from which one on to act. Pure.

Method: Platt's (1999) two-parameter correction of the log odds with his smoothed targets, fitted by Newton's steps on rows
that the model had not seen; the interval is Wilson's (1927) on the share that failed among the rows rated most alike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_NEAREST_TO_CERTAIN = 1e-6
_NEWTON_STEPS = 30
_DAMPING = 1e-3


def log_odds(probability: Floats) -> Floats:
    """Of each, finite also for 0 and 1."""
    clipped = np.clip(probability, _NEAREST_TO_CERTAIN, 1 - _NEAREST_TO_CERTAIN)
    return np.log(clipped / (1 - clipped))


@dataclass(frozen=True)
class Correction:
    """Probability = 1 / (1 + exp(-(slope * log odds + offset)))."""

    slope: float
    offset: float

    def corrected(self, probability: Floats) -> Floats:
        """Calibrated probabilities, in the same order as the raw ones."""
        return 1 / (1 + np.exp(-(self.slope * log_odds(probability) + self.offset)))


def correction(probability: Floats, failed: Ints) -> Correction:
    """From what was said of rows set aside, (n,), and what became of them (1 failed). Never turns the order round."""
    fails, passes = int(failed.sum()), int(len(failed) - failed.sum())
    target = np.where(failed == 1, (fails + 1) / (fails + 2), 1 / (passes + 2))
    design = np.column_stack([log_odds(probability), np.ones(len(failed))])
    at = np.array([1.0, 0.0])
    for _ in range(_NEWTON_STEPS):
        said = 1 / (1 + np.exp(-np.clip(design @ at, -35, 35)))
        slope = design.T @ (said - target) + _DAMPING * (at - [1.0, 0.0])
        curve = (design.T * (said * (1 - said))) @ design + _DAMPING * np.eye(2)
        step = np.linalg.solve(curve, slope)
        at = at - step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
    return Correction(max(float(at[0]), 0.05), float(at[1]))


def interval_among_alike(
    probability: float, known: Floats, failed: Ints, neighbours: int, share: float
) -> tuple[float, float]:
    """Where the true chance of failing lies with probability `share`, by the `neighbours` rows rated most alike.

    known: (n,) calibrated probabilities of rows set aside; failed: (n,). Always holds `probability`. Without rows: 0 to 1.
    """
    count = min(neighbours, len(known))
    if count == 0:
        return 0.0, 1.0
    alike = np.argsort(np.abs(known - probability), kind="stable")[:count]
    low, high = wilson(float(failed[alike].sum()), count, share)
    return min(low, probability), max(high, probability)


def wilson(hits: float, of: int, share: float) -> tuple[float, float]:
    """Interval of a proportion."""
    z = NormalDist().inv_cdf((1 + share) / 2)
    middle, reach = hits / of + z * z / (2 * of), z * sqrt(hits * (of - hits) / of**3 + z * z / (4 * of * of))
    return max((middle - reach) / (1 + z * z / of), 0.0), min((middle + reach) / (1 + z * z / of), 1.0)


def best_limit(probability: Floats, failed: Ints, score: Callable[[Ints, Ints], float]) -> float:
    """The probability from which on to call a row failing for the best `score`(failed, called), on rows set aside.

    The middle of the longest run of limits that reach nearly the best: a peak of one row's width is chance.
    """
    limits = np.linspace(0.02, 0.98, 97)
    reached = np.array([score(failed, (probability >= limit).astype(np.intp)) for limit in limits])
    smooth = np.convolve(np.pad(reached, 3, mode="edge"), np.ones(7) / 7, mode="valid")
    return float(limits[int(np.argmax(smooth))])
