"""Whether what comes in still looks like what was learned from. Pure.

Method: the population stability index over ten bins of equal share (Siddiqi 2006, Credit Risk Scorecards, ch. 6): below 0.1
nothing, above 0.25 something is different. By chance alone it comes to about bins/n, which is taken off.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 10
CHANGED = 0.25
FEWEST_ROWS = 20
_SMOOTHING = 0.5


@dataclass(frozen=True)
class Distribution:
    """How one feature lay when the model was fitted. edges: between bins; shares: of each bin, the missing last; low, high:
    the range that was seen."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    rows: int
    low: float
    high: float


def distribution(column: Floats) -> Distribution:
    """Of one training column, (n,), at least one value in it."""
    there = column[~np.isnan(column)]
    edges = np.unique(np.quantile(there, np.linspace(0, 1, BINS + 1)[1:-1]))
    counts = _counts(column, edges)
    share = tuple(float(one) for one in counts / counts.sum())
    return Distribution(tuple(map(float, edges)), share, len(column), float(there.min()), float(there.max()))


def stability_index(known: Distribution, column: Floats) -> float:
    """How far recent values, (n,), lie from the known ones, less what chance alone would give; 0 with too few to tell."""
    if len(column) < FEWEST_ROWS:
        return 0.0
    counts = _counts(column, np.array(known.edges))
    recent = (counts + _SMOOTHING) / (counts.sum() + _SMOOTHING * len(counts))
    before = np.array(known.shares) * known.rows
    before = (before + _SMOOTHING) / (before.sum() + _SMOOTHING * len(before))
    index = float(((recent - before) * np.log(recent / before)).sum())
    by_chance = (len(counts) - 1) * (1 / len(column) + 1 / known.rows)
    return max(index - by_chance, 0.0)


def is_outside(known: Distribution, value: float) -> bool:
    """Whether a value lies beyond all that was seen, by more than a tenth of the range."""
    reach = 0.1 * (known.high - known.low)
    return not known.low - reach <= value <= known.high + reach


def _counts(column: Floats, edges: Floats) -> Floats:
    missing = np.isnan(column)
    inside = np.bincount(np.searchsorted(edges, column[~missing], side="right"), minlength=len(edges) + 1)
    return np.append(inside, missing.sum()).astype(np.float64)
