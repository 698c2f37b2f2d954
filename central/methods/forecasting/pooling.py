"""Quantiles of what followed forecasts alike: the whole distribution from one mean, for counts and volumes.

What was forecast and what then came, of all series and many origins, is pooled by the height of the forecast. Low pools keep
counts as they are (a median of zero stays zero), high ones keep ratios. Between two pools quantiles are interpolated.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np

from central.methods.forecasting.panel import Floats

POOLS = 16
LEAST_IN_POOL = 40
COUNTS_BELOW = 1.0
LEAST = 1e-6


@dataclass(frozen=True)
class Pools:
    """heights: (b,) typical forecast of each pool, rising; ratios: (b, q) quantiles over forecast; levels: (q,)."""

    heights: Floats
    ratios: Floats
    levels: Floats

    def quantiles(self, mean: Floats) -> Floats:
        """mean: any shape; the quantiles, (..., q), never falling along the levels."""
        flat = np.maximum(mean.ravel(), LEAST)
        at = np.log(flat)
        found = np.column_stack([np.interp(at, np.log(self.heights), column) for column in self.ratios.T])
        rising = np.maximum.accumulate(found * flat[:, None], axis=1)
        return cast(Floats, np.maximum(rising, 0.0).reshape((*mean.shape, len(self.levels))))


def pools(mean: Floats, came: Floats, levels: Floats) -> Pools:
    """Pool pairs (r,) of forecast and outcome."""
    mean = np.maximum(mean, LEAST)
    count = int(np.clip(len(mean) // LEAST_IN_POOL, 1, POOLS))
    edges = np.quantile(mean, np.linspace(0, 1, count + 1)[1:-1])
    number = np.searchsorted(edges, mean)
    used = [one for one in range(count) if (number == one).any()]
    heights = np.array([np.exp(np.log(mean[number == one]).mean()) for one in used])
    rows = [
        _ratios(mean[number == one], came[number == one], height, levels) for one, height in zip(used, heights, strict=True)
    ]
    return Pools(heights, np.array(rows), levels)


def _ratios(mean: Floats, came: Floats, height: float, levels: Floats) -> Floats:
    if height < COUNTS_BELOW:
        return cast(Floats, np.quantile(came, levels) / height)
    return cast(Floats, np.quantile(came / mean, levels))


def pinball(came: Floats, quantiles: Floats, levels: Floats) -> Floats:
    """(r,) mean loss over the levels; quantiles: (r, q)."""
    error = came[:, None] - quantiles
    return np.asarray(np.maximum(levels * error, (levels - 1) * error).mean(1))
