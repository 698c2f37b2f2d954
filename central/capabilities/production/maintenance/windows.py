"""What the channels of a machine did up to each moment, in numbers that a model can learn from. Pure.

For each channel: means of several windows, slopes of two, the change since the beginning, the mean so far; and the age. Each
row knows only what came before it. Method: cumulative sums, so that a history of n rows costs O(n).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MEANS = (5, 10, 20, 40)
SLOPES = (20, 50)
BEGINNING = 20
LONGEST_AGE = 250


def features(history: Floats) -> Floats:
    """(rows, features) of a history (rows, channels) whose channels are of like size, oldest row first."""
    means = [_mean(history, window) for window in MEANS]
    slopes = [_slope(history, window) for window in SLOPES]
    so_far = _mean(history, len(history))
    beginning = so_far[np.minimum(np.arange(len(history)), BEGINNING - 1)]
    age = np.minimum(np.arange(len(history)), LONGEST_AGE)[:, None] / LONGEST_AGE
    return np.hstack([*means, *slopes, means[2] - beginning, so_far, age])


def _begin(rows: int, window: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """For each row the first row of its window, and one beyond its last."""
    beyond = np.arange(1, rows + 1)
    return np.maximum(beyond - window, 0), beyond


def _mean(history: Floats, window: int) -> Floats:
    begin, beyond = _begin(len(history), window)
    sums = np.vstack([np.zeros(history.shape[1]), np.cumsum(history, axis=0)])
    mean: Floats = (sums[beyond] - sums[begin]) / (beyond - begin)[:, None]
    return mean


def _slope(history: Floats, window: int) -> Floats:
    """Least-squares change over a whole window; a window that is not full yet counts by how full it is."""
    begin, beyond = _begin(len(history), window)
    rows = np.arange(len(history))[:, None]
    zero = np.zeros(history.shape[1])
    sums, weighted = (np.vstack([zero, np.cumsum(values, axis=0)]) for values in (history, history * rows))
    count, middle = beyond - begin, (begin + beyond - 1)[:, None] / 2
    together = weighted[beyond] - weighted[begin] - middle * (sums[beyond] - sums[begin])
    spread = np.maximum(count * (count**2 - 1) / 12, 1.0)
    slope: Floats = together / spread[:, None] * window * (count / window)[:, None]
    return slope
