"""What a rule of ordering would have served: days lived again, orders that arrive late, sales that are lost. Pure.

Periodic review with an order-up-to level. A day of review begins with an order, then comes what was ordered a lead time
ago, then is sold what is there; what is asked for beyond that is lost, not owed. Stock is what is left at the end of a
day. Demand is recorded sales, which were themselves cut off where a shelf was empty: a gain at equal stock says more than
a level.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from central.methods.inventory.errors import BadHistory

Floats = NDArray[np.float64]


class Rhythm(NamedTuple):
    """Whole days from an order to its arrival, and between two orders."""

    lead_time_d: int
    review_d: int

    @property
    def wait_d(self) -> int:
        """Days that an order must last: until what is ordered at the next review is there."""
        return self.lead_time_d + self.review_d


@dataclass(frozen=True)
class Served:
    """What came of it, an item each, (n,): units sold, units asked for, mean units in stock, share of days without any."""

    sold: Floats
    asked: Floats
    stock: Floats
    out: Floats

    @property
    def fill(self) -> float:
        """Share of all units asked for that were sold; 1 where nothing was asked for."""
        asked = float(self.asked.sum())
        return float(self.sold.sum()) / asked if asked > 0 else 1.0

    def of(self, items: NDArray[np.bool_] | NDArray[np.int_]) -> "Served":
        """The same for some items, by mask or by number."""
        return Served(self.sold[items], self.asked[items], self.stock[items], self.out[items])


def replayed(demand: Floats, levels: Floats, rhythm: Rhythm) -> Served:
    """Live the days of `demand` (items, days) with order-up-to `levels` (reviews, items); each begins with its first level.

    Raises BadHistory unless there is a level for each review.
    """
    items, days = demand.shape
    if levels.shape != (-(-days // rhythm.review_d), items):
        raise BadHistory(f"{days} days of {items} items take one level a review: levels are {levels.shape}")
    on_hand, to_come = np.ceil(levels[0]), np.zeros((days + rhythm.lead_time_d + 1, items))
    sold, stock, out = np.zeros(items), np.zeros(items), np.zeros(items)
    for day in range(days):
        if day % rhythm.review_d == 0:
            position = on_hand + to_come[day:].sum(0)
            level = np.ceil(levels[day // rhythm.review_d])
            to_come[day + rhythm.lead_time_d] += np.maximum(level - position, 0)
        on_hand = on_hand + to_come[day]
        left = np.minimum(on_hand, demand[:, day])
        on_hand, sold = on_hand - left, sold + left
        stock, out = stock + on_hand, out + (on_hand <= 0)
    return Served(sold, demand.sum(1), stock / days, out / days)
