"""Three ways to reorder, told as numbers from one distribution of what is asked for during a wait. Pure; units and days.

(R,S): at each review order up to S. (s,S): at each review, if the position is below s, order up to S. (r,Q): whenever the
position is at or below r, order Q; Q is the economic order quantity, no smaller than demand between two reviews. Silver,
Pyke & Thomas (2017), ch. 5 to 7. Slow movers: the newsvendor's critical ratio in place of a service level.
"""

from dataclasses import dataclass
from math import ceil, sqrt

from central.methods.inventory.counts import Rate, Wait, level

DAYS_A_YEAR = 365.0
DECIMALS = 9


@dataclass(frozen=True)
class Costs:
    """Money: of placing one order, of keeping one unit a year, of one unit that is asked for and not there."""

    order: float
    holding_a_year: float
    shortage: float


@dataclass(frozen=True)
class Rule:
    """Order when the position is below `point`, up to `up_to`."""

    point: int
    up_to: int

    def order(self, position: int) -> int:
        """Units to order at a position."""
        return max(self.up_to - position, 0) if position < self.point else 0


def periodic(probability: float, rate: Rate, wait: Wait) -> Rule:
    """(R,S): up to the level at every review."""
    up_to = level(probability, rate, wait)
    return Rule(up_to, up_to)


def min_max(probability: float, rate: Rate, wait: Wait, cover_d: float) -> Rule:
    """(s,S): `cover_d` days of demand above the point, so that orders are fewer."""
    point = level(probability, rate, wait)
    return Rule(point, point + ceil(round(rate.mean_d * cover_d, DECIMALS)))


def point_and_quantity(probability: float, rate: Rate, wait: Wait, costs: Costs) -> Rule:
    """(r,Q) as a rule: a position at the point or below is lifted by Q; `up_to` is where that leads from the point."""
    point = level(probability, rate, wait)
    return Rule(point + 1, point + max(economic_quantity(rate, costs), 1))


def economic_quantity(rate: Rate, costs: Costs) -> int:
    """Units an order at which ordering and keeping cost the same: Harris (1913)."""
    if costs.holding_a_year <= 0 or costs.order <= 0:
        return 0
    return round(sqrt(2 * costs.order * rate.mean_d * DAYS_A_YEAR / costs.holding_a_year))


def critical_ratio(costs: Costs, cycle_d: float, salvage_loss: float = 0.0) -> float:
    """Chance of not running out at which one unit more neither gains nor loses: the newsvendor's.

    One unit too many costs its keeping for a cycle and what is lost in getting rid of it; one too few the shortage.
    """
    over = costs.holding_a_year * cycle_d / DAYS_A_YEAR + salvage_loss
    return costs.shortage / (costs.shortage + over) if costs.shortage + over > 0 else 0.0


def newsvendor(rate: Rate, wait: Wait, costs: Costs, salvage_loss: float = 0.0) -> Rule:
    """For what sells now and then: keep as many as pay for themselves, which may be none."""
    ratio = critical_ratio(costs, wait.mean_d, salvage_loss)
    return periodic(ratio, rate, wait) if ratio > 0 else Rule(0, 0)
