"""Whether a score rises: the median of all slopes between pairs of points. Pure.

Method: Theil (1950) and Sen (1968), with Kendall's test: no trend is told unless pairs that rise outnumber those that fall
by more than chance allows. A few wild points change nothing.
"""

from collections.abc import Sequence
from itertools import combinations
from math import sqrt
from statistics import median

FEWEST_POINTS = 8
SURE = 1.96  # standard deviations of Kendall's S


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """By how much the value grows a unit of time; None where that is not clear. points: (time, value)."""
    pairs = [(b[1] - a[1], b[0] - a[0]) for a, b in combinations(sorted(points), 2) if b[0] > a[0]]
    if len(points) < FEWEST_POINTS or not pairs:
        return None
    rising = sum((rise > 0) - (rise < 0) for rise, _ in pairs)
    n = len(points)
    if abs(rising) <= SURE * sqrt(n * (n - 1) * (2 * n + 5) / 18):
        return None
    return median(rise / run for rise, run in pairs)
