"""How good forecasts were: the measures that goals are stated in. Shapes: came (n, h), mean (n, h), quantiles (n, h, q)."""

from dataclasses import dataclass

import numpy as np

from central.methods.forecasting.panel import Bools, Floats


@dataclass(frozen=True)
class Score:
    """rmsse: root mean square over that of one-step naive in the past; wape, bias: of the volume; series: how many count.

    wql: 2 x pinball over the volume, mean of the levels; coverage: share of outcomes at or below the highest level.
    """

    rmsse: float
    wape: float
    bias: float
    wql: float | None
    coverage: float | None
    series: int


def score(past: Floats, came: Floats, mean: Floats, quantiles: Floats | None, levels: Floats) -> Score:
    """Over the series whose past moves at all; past: (n, t), NaN unknown. The highest of `levels` is what coverage is of."""
    scale, counted = naive_scale(past)
    wrong, volume = (came - mean)[counted], float(np.nansum(came[counted]))
    rmsse = float((np.sqrt(np.nanmean(wrong**2, axis=1)) / scale[counted]).mean())
    wape, bias = float(np.nansum(abs(wrong)) / volume), float(-np.nansum(wrong) / volume)
    if quantiles is None:
        return Score(rmsse, wape, bias, None, None, int(counted.sum()))
    said, truth = quantiles[counted], came[counted][..., None]
    loss = np.maximum(levels * (truth - said), (levels - 1) * (truth - said))
    covered = (truth[..., 0] <= said[..., -1])[np.isfinite(truth[..., 0])]
    wql = float(2 * np.nansum(loss) / len(levels) / volume)
    return Score(rmsse, wape, bias, wql, float(covered.mean()), int(counted.sum()))


def naive_scale(past: Floats) -> tuple[Floats, Bools]:
    """Root mean square of one-step changes (n,), and which series have any."""
    steps = np.diff(past, axis=1) ** 2
    known = np.isfinite(steps)
    scale = np.sqrt(np.where(known, steps, 0.0).sum(1) / np.maximum(known.sum(1), 1))
    return np.asarray(scale), np.asarray(scale > 0)


def value_added(came: Floats, mean: Floats, naive: Floats) -> Floats:
    """How much less wrong than `naive`, as a share of its absolute error, a series each (n,): below 0 it did harm."""
    wrong, other = np.nansum(abs(came - mean), axis=1), np.nansum(abs(came - naive), axis=1)
    return np.asarray(np.where(other > 0, 1 - wrong / np.where(other > 0, other, 1), 0.0))
