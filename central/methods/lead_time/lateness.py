"""How often and how much a supplier is late, told with what is not known yet. Pure; days after the promise.

The share of late deliveries is a beta with a prior worth ten deliveries of the usual share, so that one late delivery of two
does not damn a supplier. Gelman et al. (2013), ch. 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

USUAL_SHARE = 0.1
BELIEVED = 10.0


@dataclass(frozen=True)
class Lateness:
    """Share of deliveries after their promise, its 90 % interval, mean days late of those that were, how many were seen."""

    share: float
    low: float
    high: float
    late_d: float
    deliveries: int

    @property
    def expected_d(self) -> float:
        """Days late to be expected of the next delivery."""
        return self.share * self.late_d


def lateness(days_late: Sequence[float]) -> Lateness:
    """From days after the promise, negative when early; none seen gives what is usual."""
    late = [days for days in days_late if days > 0]
    hits = USUAL_SHARE * BELIEVED + len(late)
    misses = (1 - USUAL_SHARE) * BELIEVED + len(days_late) - len(late)
    beta = stats.beta(hits, misses)
    mean_late = sum(late) / len(late) if late else 0.0
    return Lateness(hits / (hits + misses), float(beta.ppf(0.05)), float(beta.ppf(0.95)), mean_late, len(days_late))
