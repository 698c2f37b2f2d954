"""Exponential smoothing of many series at once, parameters chosen by one-step errors: simple, damped trend, with a season.

Method: Hyndman, Koehler, Ord and Snyder (2008). Missing periods leave the state as it is. Weak where most periods are zero:
see `intermittent`. A season is taken out by ratio to the mean, shrunk towards one, before a level is smoothed.
"""

import numpy as np

from central.methods.forecasting.panel import Floats

DECAYS = (0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8)
DAMPING = 0.9
TRENDS = (0.05, 0.15)
SHRINKS_BY = 2.0
SEASONS_USED = 12


def ses(sales: Floats, decays: tuple[float, ...] = DECAYS, start: Floats | None = None) -> Floats:
    """The level (n,) that the next periods are expected at; sales: (n, t), NaN unknown. The best decay of each series.

    start: (n,) the level before the first period; the mean of the first few where it is not given.
    """
    rate = np.array(decays)[:, None]
    level = np.tile(_start(sales) if start is None else start, (len(decays), 1))
    wrong = np.zeros_like(level)
    for known in sales.T:
        error = np.nan_to_num(known - level)
        wrong += error**2
        level = level + rate * error
    return np.asarray(np.take_along_axis(level, wrong.argmin(0)[None], 0)[0])


def damped(sales: Floats, horizon: int) -> Floats:
    """(n, horizon) by a damped trend, never below zero."""
    options = [(decay, trend) for decay in DECAYS[2:8] for trend in TRENDS]
    decay, trend = (np.array(column)[:, None] for column in zip(*options, strict=True))
    level = np.tile(_start(sales), (len(options), 1))
    slope, wrong = np.zeros_like(level), np.zeros_like(level)
    for known in sales.T:
        expected = level + DAMPING * slope
        error = np.nan_to_num(known - expected)
        wrong += error**2
        level, slope = expected + decay * error, DAMPING * slope + decay * trend * error
    best = wrong.argmin(0)[None]
    level, slope = np.take_along_axis(level, best, 0)[0], np.take_along_axis(slope, best, 0)[0]
    reach = np.cumsum(DAMPING ** np.arange(1, horizon + 1))
    return np.asarray(np.maximum(level[:, None] + slope[:, None] * reach, 0.0))


def season_index(sales: Floats, season: int, phase: int = 0) -> Floats:
    """(n, season) share of the mean that each place of the season gets, by the last seasons, shrunk towards one."""
    recent = sales[:, -season * SEASONS_USED :]
    place = (phase + np.arange(sales.shape[1])[-recent.shape[1] :]) % season
    known = np.isfinite(recent)
    total = np.maximum(np.where(known, recent, 0).sum(1) / np.maximum(known.sum(1), 1), 1e-9)
    index = np.ones((len(sales), season))
    for at in range(season):
        here = place == at
        count = known[:, here].sum(1)
        summed = np.where(known[:, here], recent[:, here], 0).sum(1)
        index[:, at] = (summed / total + SHRINKS_BY) / (count + SHRINKS_BY)
    return np.asarray(index / index.mean(1, keepdims=True))


def seasonal(sales: Floats, season: int, horizon: int, phase: int = 0) -> Floats:
    """(n, horizon): a smoothed level times the season; plain `ses` with less than two seasons of history."""
    if season < 2 or sales.shape[1] < 2 * season:
        return np.tile(ses(sales)[:, None], (1, horizon))
    index = season_index(sales, season, phase)
    place = (phase + np.arange(sales.shape[1] + horizon)) % season
    level = ses(sales / np.maximum(index[:, place[: sales.shape[1]]], 0.05))
    return np.asarray(level[:, None] * index[:, place[sales.shape[1] :]])


def _start(sales: Floats) -> Floats:
    first = np.isfinite(sales[:, : max(4, sales.shape[1] // 8)])
    summed = np.where(first, sales[:, : first.shape[1]], 0.0).sum(1)
    return np.asarray(summed / np.maximum(first.sum(1), 1))
