"""The chance that a machine fails, from its age among its kind and from what its sensors say. Pure. Times in days.

Age: a Weibull distribution of its class (`central.methods.survival`), fitted to machines that failed and to those that run,
else the life its maker expects with a believed shape. Condition: the P-F interval of reliability-centred maintenance
(Moubray 1997): from the moment a fault can be seen, failure comes after a time whose median is a setting, sooner where the
score rises. An alarm may be false: its share is learned from what was found, beginning at a setting. The two are taken as
independent. Weak where a class has had no failure and its maker says nothing: then only the condition counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from central.methods import survival
from central.methods.survival import Life, Weibull

LONGEST_D = 36_500.0
_HALVINGS = 50
_PF_SHAPE = 2.0
_PRIOR_ORDERS = 4.0
_SOONEST_PF_D = 0.5


@dataclass(frozen=True)
class Fault:
    """What the sensors say: for how long, how long until failure in the median case, and whether it is true (0..1)."""

    seen_for_d: float
    pf_d: float
    chance_true: float


@dataclass(frozen=True)
class Outlook:
    """When a machine may fail: by its age (None: nothing is known of its kind), and by a fault that was seen."""

    age_d: float
    kind: Weibull | None
    fault: Fault | None

    def failure_within(self, days: float) -> float:
        """Chance of failing within so many days."""
        return 1 - self._survival(max(days, 0.0))

    def remaining_d(self, share: float) -> float:
        """The days within which it fails with probability `share`; LONGEST_D when that never happens."""
        low, high = 0.0, LONGEST_D
        if self.failure_within(high) < share:
            return high
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if self.failure_within(middle) >= share else (middle, high)
        return high

    def _survival(self, days: float) -> float:
        by_age = 1 - self.kind.failure_within(self.age_d, days) if self.kind else 1.0
        if self.fault is None:
            return by_age
        pf = with_median(self.fault.pf_d, _PF_SHAPE)
        return by_age * (1 - self.fault.chance_true * pf.failure_within(self.fault.seen_for_d, days))


def with_median(median: float, shape: float) -> Weibull:
    """The distribution of that shape which half outlive."""
    return Weibull(shape, median / log(2) ** (1 / shape))


def kind_of(lives: Sequence[Life], life_d: float | None, believed_shape: float) -> Weibull | None:
    """How a class of machines lives: by its failures, else by what the maker expects, else unknown."""
    learned = survival.fitted(lives, believed_shape)
    if learned is not None:
        return learned
    return with_median(life_d, believed_shape) if life_d else None


def chance_true(found_true: int, found_false: int, believed: float) -> float:
    """How likely the next alarm is a fault: what was found, on top of a belief that is worth four work orders."""
    return (found_true + believed * _PRIOR_ORDERS) / (found_true + found_false + _PRIOR_ORDERS)


def days_to_failure(pf_d: float, ratio: float, ratio_per_d: float | None, ratio_at_failure: float) -> float:
    """The P-F interval, shortened where the score, in multiples of its limit, would reach that of a failure sooner."""
    if ratio_per_d is None or ratio_per_d <= 0:
        return pf_d
    return min(pf_d, max((ratio_at_failure - ratio) / ratio_per_d, _SOONEST_PF_D))
