"""How often something happens, from how often it did: a rate with the interval in which it lies. Pure.

Method: Garwood's (1936) exact interval of a Poisson mean, by the chi-square quantiles of Wilson and Hilferty (1931): within
1 % of exact from one event on, and 3 % of the upper end at none.
"""

from dataclasses import dataclass
from math import log, sqrt
from statistics import NormalDist


@dataclass(frozen=True)
class Rate:
    """Events in an exposure; `rate`, `low`, `high` are events a unit of it, `low` to `high` with probability `share`."""

    events: int
    exposure: float
    rate: float
    low: float
    high: float
    share: float


def rate(events: int, exposure: float, share: float = 0.9) -> Rate | None:
    """The rate of `events` in an `exposure`, in units of the caller's choice; None without an exposure."""
    if exposure <= 0 or events < 0:
        return None
    tail = (1 - share) / 2
    low = _chi_square(tail, 2 * events) / 2 if events else 0.0
    high = _chi_square(1 - tail, 2 * events + 2) / 2
    return Rate(events, exposure, events / exposure, low / exposure, high / exposure, share)


def _chi_square(probability: float, freedom: int) -> float:
    """The quantile; with two degrees of freedom it is exact."""
    if freedom == 2:
        return -2 * log(1 - probability)
    spread = 2 / (9 * freedom)
    return float(freedom * max(1 - spread + NormalDist().inv_cdf(probability) * sqrt(spread), 0.0) ** 3)
