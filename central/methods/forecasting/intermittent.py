"""Levels of series that are zero most of the time: demand and its chance apart (TSB), or aggregated until it is regular.

Methods: Teunter, Syntetos and Babai (2011), TSB; Syntetos and Boylan (2005), SBA; Nikolopoulos et al. (2011), ADIDA;
Petropoulos and Kourentzes (2015), IMAPA. All give one level (n,) for every period ahead, in units a period.
"""

import numpy as np

from central.methods.forecasting.panel import Floats, Ints
from central.methods.forecasting.smoothing import ses

CAREFUL = (0.1, 0.15, 0.2, 0.25, 0.3)
WIDEST = 24


def tsb(sales: Floats, size_decay: float = 0.1, chance_decay: float = 0.1) -> Floats:
    """Size of a demand times its chance, both smoothed; the chance also falls in periods of none. sales: (n, t)."""
    zeroed = np.nan_to_num(sales)
    size = zeroed[np.arange(len(sales)), (zeroed > 0).argmax(1)]
    first = np.isfinite(sales[:, :12])
    chance = (zeroed[:, :12] > 0).sum(1) / np.maximum(first.sum(1), 1)
    for known in sales.T:
        sold = np.nan_to_num(known) > 0
        size = np.where(sold, size + size_decay * (np.nan_to_num(known) - size), size)
        chance = np.where(np.isfinite(known), chance + chance_decay * (sold - chance), chance)
    return np.asarray(size * chance)


def sba(sales: Floats, decay: float = 0.1) -> Floats:
    """Croston's size over interval with the bias correction of Syntetos and Boylan; zero for a series never sold."""
    zeroed = np.nan_to_num(sales)
    size = zeroed[np.arange(len(sales)), (zeroed > 0).argmax(1)]
    between = np.maximum(mean_interval(sales), 1.0)
    waited = np.zeros(len(sales))
    for known in sales.T:
        waited = waited + np.isfinite(known)
        sold = np.nan_to_num(known) > 0
        size = np.where(sold, size + decay * (np.nan_to_num(known) - size), size)
        between = np.where(sold, between + decay * (waited - between), between)
        waited = np.where(sold, 0.0, waited)
    return np.asarray((1 - decay / 2) * size / between)


def mean_interval(sales: Floats) -> Floats:
    """Average periods between two demands (ADI), (n,): known periods over those with a demand."""
    sold = (np.nan_to_num(sales) > 0).sum(1)
    return np.asarray(np.isfinite(sales).sum(1) / np.maximum(sold, 1))


def adida(sales: Floats, width: int) -> Floats:
    """The level by smoothing sums over `width` periods, in units a period."""
    whole = sales.shape[1] // width * width
    blocks = sales[:, sales.shape[1] - whole :].reshape(len(sales), -1, width)
    known = np.isfinite(blocks).sum(2)
    summed = np.where(np.isfinite(blocks), blocks, 0.0).sum(2)
    means = np.divide(summed, known, out=np.full(known.shape, np.nan), where=known > 0)
    first = np.nan_to_num(means[np.arange(len(means)), np.isfinite(means).argmax(1)])
    return ses(means, CAREFUL, first)


def imapa(sales: Floats) -> Floats:
    """The mean of ADIDA over all widths up to the mean interval of each series (at most WIDEST and half the history)."""
    widths = _widths(sales)
    total = np.zeros(len(sales))
    for width in range(1, int(widths.max(initial=1)) + 1):
        those = widths >= width
        total[those] += adida(sales[those], width)
    return np.asarray(total / widths)


def _widths(sales: Floats) -> Ints:
    most = max(1, min(WIDEST, sales.shape[1] // 2))
    return np.clip(np.round(mean_interval(sales)), 1, most).astype(np.intp)
