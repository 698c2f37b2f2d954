"""Reorder points from demand and lead-time uncertainty. Pure arithmetic: quantities in units, times in days.

Method: demand over lead time plus review is taken as normal, with the variance of daily demand and of lead time: Silver,
Pyke and Thomas (2017), ch. 6 and 7. `service_level` is the chance of not running out before the next order arrives (cycle
service), not the share of demand served. Weak when demand is intermittent (more than half of the days zero). Demand is that
of a trading day: where some days of the week are closed, a lead time in calendar days makes stock higher than it need be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, sqrt
from statistics import NormalDist, fmean, stdev

DECIMALS = 6  # below this, a difference is the arithmetic's, not a unit's


@dataclass(frozen=True)
class Demand:
    """Units a day: mean and standard deviation."""

    mean: float
    sd: float

    @classmethod
    def of(cls, history: Sequence[float]) -> "Demand":
        """From units sold on each of two or more days."""
        return cls(fmean(history), stdev(history))

    @classmethod
    def of_sum(cls, days: float, mean: float, quantile: float, level: float) -> "Demand":
        """A day's demand whose sum over `days` has that mean and, as a normal, that quantile at `level` (above 0.5)."""
        spread_of_sum = max(quantile - mean, 0.0) / NormalDist().inv_cdf(level)
        return cls(mean / days, spread_of_sum / sqrt(days))


@dataclass(frozen=True)
class Wait:
    """Days until an order that is not placed today would arrive: lead time, its standard deviation, days between reviews."""

    lead_time_d: float
    lead_time_sd_d: float
    review_d: float

    @property
    def days(self) -> float:
        """Lead time plus review."""
        return self.lead_time_d + self.review_d


def expected_demand(demand: Demand, wait: Wait) -> float:
    """Units that will be sold during the wait."""
    return demand.mean * wait.days


def spread(demand: Demand, wait: Wait) -> float:
    """Standard deviation of the units sold during the wait."""
    return sqrt(wait.days * demand.sd**2 + (demand.mean * wait.lead_time_sd_d) ** 2)


def safety_stock(demand: Demand, wait: Wait, service_level: float) -> float:
    """Units kept against that spread."""
    return NormalDist().inv_cdf(service_level) * spread(demand, wait)


def reorder_point(demand: Demand, wait: Wait, service_level: float) -> int:
    """The fewest available units at which no order is needed yet."""
    return ceil(round(expected_demand(demand, wait) + safety_stock(demand, wait, service_level), DECIMALS))


def packs_to_order(available: int, point: int, cover: float, pack_size: int) -> int:
    """Whole packs that lift `available` to `point` and `cover` units above it; none while it is at the point or above."""
    if available >= point:
        return 0
    return ceil(round((point + cover - available) / pack_size, DECIMALS))


def days_to_decide(available: int, demand: Demand, wait: Wait) -> float:
    """Days that an order can still wait before the shelf is expected to run dry; at most until the next review."""
    if demand.mean == 0:
        return wait.review_d
    return min(max(available / demand.mean - wait.lead_time_d, 0.0), wait.review_d)


def outstanding(ordered: Sequence[tuple[datetime, int]], received: Sequence[tuple[datetime, int]]) -> list[int]:
    """Units of each order still to come: goods fill the oldest order first, of those placed before they came."""
    to_come = [units for _, units in ordered]
    for came_at, units in sorted(received):
        left = units
        for at, (ordered_at, _) in enumerate(ordered):
            filled = min(to_come[at], left) if ordered_at <= came_at else 0
            to_come[at] -= filled
            left -= filled
    return to_come
