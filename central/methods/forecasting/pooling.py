"""Quantiles of what followed forecasts alike: the whole distribution from one mean, for counts and volumes.

What was forecast and what then came, of all series and many origins, is pooled by the height of the forecast, and within
that by how restless the series was. Low pools keep counts as they are (a median of zero stays zero), high ones keep ratios;
between two heights quantiles are interpolated.
"""

from dataclasses import dataclass

import numpy as np

from central.methods.forecasting.panel import Floats, Ints

POOLS = 16
LEAST_IN_POOL = 150
RESTLESS = 3
COUNTS_BELOW = 1.0
LEAST = 1e-6


@dataclass(frozen=True)
class Pools:
    """heights: (b,) typical forecast of each pool, rising; borders: (b, RESTLESS - 1) of restlessness; levels: (q,).

    ratios: (b, RESTLESS, q) quantiles over forecast.
    """

    heights: Floats
    borders: Floats
    ratios: Floats
    levels: Floats

    def quantiles(self, mean: Floats, restless: Floats) -> Floats:
        """mean, restless: (r,); the quantiles, (r, q), never falling along the levels."""
        known = np.maximum(mean, LEAST)
        at, heights = np.log(known), np.log(self.heights)
        group = sum((restless > np.interp(at, heights, border)).astype(np.intp) for border in self.borders.T)
        found = np.zeros((len(mean), len(self.levels)))
        for number in range(RESTLESS):
            own = group == number
            columns = [np.interp(at[own], heights, column) for column in self.ratios[:, number].T]
            found[own] = np.column_stack(columns)
        return np.asarray(np.maximum(np.maximum.accumulate(found * known[:, None], axis=1), 0.0))


def pools(mean: Floats, came: Floats, restless: Floats, levels: Floats) -> Pools:
    """Pool triples (r,) of forecast, outcome and restlessness (any measure of a series' spread over its level)."""
    mean = np.maximum(mean, LEAST)
    count = int(np.clip(len(mean) // (LEAST_IN_POOL * RESTLESS), 1, POOLS))
    edges = np.quantile(mean, np.linspace(0, 1, count + 1)[1:-1])
    number = np.searchsorted(edges, mean)
    members = [number == one for one in range(count) if (number == one).any()]
    heights = np.array([np.exp(np.log(mean[own]).mean()) for own in members])
    shares = np.linspace(0, 1, RESTLESS + 1)[1:-1]
    borders = np.array([np.quantile(restless[own], shares) for own in members])
    rows = [
        [_ratios(mean[own][part], came[own][part], mean[own], came[own], levels) for part in _parts(restless[own], border)]
        for own, border in zip(members, borders, strict=True)
    ]
    return Pools(heights, borders, np.array(rows), levels)


def _parts(restless: Floats, borders: Floats) -> list[Ints]:
    group = np.searchsorted(borders, restless)
    return [np.flatnonzero(group == number) for number in range(RESTLESS)]


def _ratios(mean: Floats, came: Floats, all_mean: Floats, all_came: Floats, levels: Floats) -> Floats:
    if len(mean) < LEAST_IN_POOL // 3:
        mean, came = all_mean, all_came
    height = float(np.exp(np.log(mean).mean()))
    if height < COUNTS_BELOW:
        return np.asarray(np.quantile(came, levels) / height)
    return np.asarray(np.quantile(came / mean, levels))


def pinball(came: Floats, quantiles: Floats, levels: Floats) -> Floats:
    """(r,) mean loss over the levels; quantiles: (r, q)."""
    error = came[:, None] - quantiles
    return np.asarray(np.maximum(levels * error, (levels - 1) * error).mean(1))
