"""Robust numbers of a stretch of one channel: where it lies, how wide it is, whether it has come to rest.

Median and MAD (Rousseeuw and Croux 1993) take up to half of the values being wild. A quantised channel often has MAD 0;
then the standard deviation speaks.
"""

from collections.abc import Sequence
from statistics import fmean, median, pstdev

MAD_TO_SIGMA = 1.4826
LARGEST = 1e100  # what is larger is no reading, and its square would be no number
MOST_DRIFT = 1.0  # thirds of a steady stretch differ by less than this many of its widths; a straight ramp by 1.8


def location_and_width(values: Sequence[float]) -> tuple[float, float]:
    """Median and standard deviation equivalent of finite `values` (at least one), in their unit."""
    location = median(values)
    width = MAD_TO_SIGMA * median([abs(value - location) for value in values])
    return location, width if width > 0 else pstdev(values, fmean(values))


def is_at_rest(values: Sequence[float], floor: float) -> bool:
    """False while the values still move away from where they began: a motor warming up, half a load cycle.

    `floor` is a drift in the channel's unit that is never held against it.
    """
    third = len(values) // 3
    if third == 0:
        return True
    drift = abs(median(values[-third:]) - median(values[:third]))
    return drift <= max(floor, MOST_DRIFT * location_and_width(values)[1])


def usable(value: float | None) -> float | None:
    """The value as a plain float, or None when it is missing, NaN, infinite or absurdly large."""
    return float(value) if value is not None and abs(value) <= LARGEST else None
