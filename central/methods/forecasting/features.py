"""What the global model is told of a series at an origin about a window of periods after it, all relative to a scale.

A window (first, last] is counted from the origin: (h - 1, h] is the h-th period, (0, L] the whole of L periods. Means over a
window are told and learnt, so that one model serves single periods and sums alike. Missing periods are left out, not zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from central.methods.forecasting.members import members
from central.methods.forecasting.panel import Bools, Floats, Ints, Panel

Window = tuple[int, int]

LOOKS_BACK = (1, 2, 4, 8, 13, 26, 52)
DECAYS = (0.1, 0.3)
SEASONS_BACK = 3
RECENT = 26
LEAST_SHARE_OF_TYPICAL = 0.05
NEARNESS = 0.25
FADES = 0.98
SPREAD = 3


@dataclass(frozen=True)
class Sight:
    """A panel with what has been learnt of effects: factors (n, t + planned), None without inputs."""

    panel: Panel
    factors: Floats | None

    def of(self, series: Ints | Bools) -> "Sight":
        """Some of the series."""
        return Sight(self.panel.of(series), None if self.factors is None else self.factors[series])


@dataclass(frozen=True)
class Rows:
    """Window after window, all series in each. values: (r, p); scale: (r,), members: (m, r) in units a period.

    restless: (r,) spread of the recent past over its scale.
    """

    values: Floats
    scale: Floats
    members: Floats
    restless: Floats


def rows_at(sight: Sight, origin: int, windows: Sequence[Window]) -> Rows:
    """Rows of all series for the windows after `origin`."""
    sales = sight.panel.sales[:, :origin]
    scale = scale_at(sales)
    classical = members(sight.panel, origin, windows, sight.factors)
    past = _past(sales, scale)
    blocks = [
        np.column_stack([past, _ahead(sight, origin, window, scale), (said / scale).T])
        for window, said in zip(windows, classical.swapaxes(0, 1), strict=True)
    ]
    restless = np.tile(np.nan_to_num(past[:, SPREAD]), len(windows))
    return Rows(np.concatenate(blocks), np.tile(scale, len(windows)), classical.reshape(len(classical), -1), restless)


def outcomes_at(panel: Panel, origin: int, windows: Sequence[Window]) -> Floats:
    """(r,) mean a period of what came in each window, NaN where a part of it is not known; ordered as `rows_at`."""
    return np.concatenate([panel.sales[:, origin + first : origin + last].mean(1) for first, last in windows])


def scale_at(sales: Floats) -> Floats:
    """(n,) units a period: a long and a short mean, floored so that a series of almost no past is not blown up."""
    level = 0.5 * np.nan_to_num(mean_known(sales[:, -8:])) + 0.5 * np.nan_to_num(mean_known(sales[:, -RECENT:]))
    sold = level[level > 0]
    floor = LEAST_SHARE_OF_TYPICAL * float(np.median(sold)) if len(sold) else 1.0
    observed = np.isfinite(sales).sum(1)
    return cast(Floats, np.maximum(level, np.maximum(floor, 0.5 / np.maximum(observed, 1))))


def _past(sales: Floats, scale: Floats) -> Floats:
    relative = sales / scale[:, None]
    sold = np.where(np.isfinite(sales), sales > 0, np.nan)
    recent = relative[:, -RECENT:]
    spread = np.sqrt(mean_known((recent - mean_known(recent)[:, None]) ** 2))
    told = [np.log(scale), np.isfinite(sales).sum(1), _since_sold(sales), spread, np.nan_to_num(recent).max(1)]
    told += [mean_known(sold[:, -6:]), mean_known(sold[:, -24:])]
    told += [mean_known(relative[:, -back:]) for back in LOOKS_BACK]
    return np.column_stack(told + [decayed(relative, decay) for decay in DECAYS])


def _ahead(sight: Sight, origin: int, window: Window, scale: Floats) -> Floats:
    panel, (first, last) = sight.panel, window
    place = (panel.phase + origin + last - 1) % panel.season
    told = [np.tile([last, last - first, place], (len(panel.sales), 1)).astype(np.float64)]
    told.append(_seasons(panel, origin, window, scale))
    if panel.inputs is not None:
        inputs = panel.inputs.values
        told += [inputs[:, origin + first : origin + last].mean(1), inputs[:, max(origin - 8, 0) : max(origin, 1)].mean(1)]
    if sight.factors is not None:
        told.append(_planned(panel.sales[:, :origin], sight.factors, origin, window) / scale[:, None])
        told.append(np.log(sight.factors[:, origin + first : origin + last].mean(1))[:, None])
    if panel.attributes is not None:
        told.append(panel.attributes.astype(np.float64))
    return np.column_stack(told)


def _seasons(panel: Panel, origin: int, window: Window, scale: Floats) -> Floats:
    """What was sold in the same window one, two, … seasons ago, and their mean; NaN where there was none."""
    found = np.full((len(panel.sales), SEASONS_BACK), np.nan)
    first, last = window
    whole = -(-last // panel.season)
    for back in range(SEASONS_BACK if panel.season > 1 else 0):
        start = origin + first - (whole + back) * panel.season
        if start >= 0:
            found[:, back] = mean_known(panel.sales[:, start : start + last - first]) / scale
    return np.column_stack([found, mean_known(found)])


def _planned(sales: Floats, factors: Floats, origin: int, window: Window) -> Floats:
    """Levels without effects, the same under the plan, and what was sold under plans as strong: (n, 9) units a period."""
    without = sales / factors[:, :origin]
    ahead = factors[:, origin + window[0] : origin + window[1]].mean(1)
    levels = np.column_stack(
        [mean_known(without[:, -back:]) for back in (4, 13)] + [decayed(without, d) for d in (0.2, 0.05)]
    )
    apart = np.log(factors[:, :origin]) - np.log(ahead)[:, None]
    near = np.exp(-0.5 * (apart / NEARNESS) ** 2) * FADES ** np.arange(origin, 0, -1) * np.isfinite(sales)
    prior = np.nan_to_num(levels[:, -1] * ahead)
    alike = ((near * np.nan_to_num(sales)).sum(1) + 0.5 * prior) / (near.sum(1) + 0.5)
    return np.column_stack([levels, levels * ahead[:, None], alike])


def decayed(values: Floats, decay: float) -> Floats:
    """Exponentially decaying mean of the known values, (n,); NaN where there is none."""
    weights = np.where(np.isfinite(values), (1 - decay) ** np.arange(values.shape[1] - 1, -1, -1), 0.0)
    total = weights.sum(1)
    summed = (weights * np.nan_to_num(values)).sum(1)
    return np.asarray(np.divide(summed, total, out=np.full(len(values), np.nan), where=total > 0))


def mean_known(values: Floats) -> Floats:
    """Mean of the known values in each row, NaN where there is none."""
    known = np.isfinite(values)
    count = known.sum(1)
    summed = np.where(known, values, 0.0).sum(1)
    return np.asarray(np.divide(summed, count, out=np.full(len(values), np.nan), where=count > 0))


def _since_sold(sales: Floats) -> Floats:
    sold = np.nan_to_num(sales) > 0
    waited = np.where(sold.any(1), np.argmax(sold[:, ::-1], axis=1), sales.shape[1])
    return np.asarray(waited, dtype=np.float64)
