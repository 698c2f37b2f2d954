"""Lead times from deliveries: empirical, the newest counting most, each vendor leaning on its mode, each mode on all. Pure.

Only what had come by the day of asking is known. A vendor with n recent deliveries (old ones counting less) speaks with
n / (n + VENDOR_BELIEVED) of the weight, its mode with the like of the rest, all deliveries with what is left: an empirical
Bayes mixture, so that a vendor of two deliveries is told as its mode is. Days as numbers; shares in 0..1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from central.methods.lead_time.errors import BadDeliveries, NothingCame

Floats = NDArray[np.float64]
Names = NDArray[np.str_]


@dataclass(frozen=True)
class Settings:
    """half_life_d: days in which a delivery comes to count half; believed: deliveries that the next wider level is worth."""

    half_life_d: float = 120.0
    vendor_believed: float = 150.0
    mode_believed: float = 10.0


@dataclass(frozen=True)
class Told:
    """A distribution of days: values ascending, (n,), and weights that sum to 1, (n,)."""

    days: Floats
    weights: Floats

    def quantile(self, share: float) -> float:
        """The least days in which that share has come."""
        place = int(np.searchsorted(np.cumsum(self.weights), share - 1e-12))
        return float(self.days[min(place, len(self.days) - 1)])

    def share_within(self, days: float) -> float:
        """The share that has come within so many days, those of exactly as many counting half."""
        return float(self.weights[self.days < days].sum() + self.weights[self.days == days].sum() / 2)

    @property
    def mean(self) -> float:
        """Mean days."""
        return float(self.days @ self.weights)

    def thinned(self, count: int) -> tuple[Floats, Floats]:
        """`count` days of equal weight that stand for the distribution: the middles of its equal parts."""
        shares = (np.arange(count) + 0.5) / count
        return np.array([self.quantile(share) for share in shares]), np.full(count, 1 / count)


@dataclass(frozen=True)
class Deliveries:
    """What was ordered and came: vendor and mode names, (n,); ordered and received as day numbers, (n,)."""

    vendor: Names
    mode: Names
    ordered: Floats
    received: Floats

    def __post_init__(self) -> None:
        lengths = {len(self.vendor), len(self.mode), len(self.ordered), len(self.received)}
        if len(lengths) != 1:
            raise BadDeliveries(f"vendors, modes and days differ in number: {sorted(lengths)}")

    @property
    def days(self) -> Floats:
        """Lead times, (n,); one that is negative in the record is taken as none."""
        return np.maximum(self.received - self.ordered, 0.0)

    def told(self, vendor: str, mode: str, today: float, settings: Settings) -> Told:
        """What is expected of an order placed today. Raises NothingCame."""
        known = self.received < today
        if not known.any():
            raise NothingCame(f"no delivery came before day {today:g}: enter a lead time for {vendor}")
        age = 0.5 ** ((today - self.received[known]) / settings.half_life_d)
        weights = np.zeros(len(age))
        rest = 1.0
        mine = age * (self.vendor[known] == vendor)
        alike = age * (self.mode[known] == mode)
        for part, believed in ((mine, settings.vendor_believed), (alike, settings.mode_believed)):
            total = float(part.sum())
            if total > 0:
                share = total / (total + believed)
                weights += rest * share * part / total
                rest *= 1 - share
        weights += rest * age / age.sum()
        order = np.argsort(self.days[known], kind="stable")
        return Told(self.days[known][order], weights[order])
