"""What a buying plan is asked for: needs, offers, suppliers, money. Pure; quantities in units, money in one currency.

A need is what one item will be asked for until the order after this one arrives. What a quantity costs beside its price is
convex: units expected to be left over, kept until then, and units expected to be missing. The value of goods that are
bought stays in the house, so only what is paid beyond it counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, erf, exp, inf, pi, sqrt

_ROUNDING = 1e-9
_FAR = 30.0  # standard deviations beyond which a tail is nothing


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One item at one supplier. price_breaks: (from this many units, price), ascending; step: pack, layer or pallet.

    extra: what a unit costs beside its price, on average (freight, delay, defects); volume: of a unit; life_d: until it
    can be sold no more.
    """

    supplier: str
    price: float
    price_breaks: tuple[tuple[int, float], ...] = ()
    least: int = 1
    step: int = 1
    most: int | None = None
    extra: float = 0.0
    volume: float = 0.0
    life_d: float | None = None

    def price_of(self, units: int) -> float:
        """Price of one unit in an order of so many."""
        return min([self.price, *(price for least, price in self.price_breaks if units >= least)])


@dataclass(frozen=True, kw_only=True)
class Need:
    """One item. position: on hand and to come; mean, sd: asked for during the wait of `wait_d` days; value: of a unit;
    holding: of a unit left over, for the wait; shortage: of a unit missing."""

    sku: str
    position: float
    mean: float
    sd: float
    wait_d: float
    value: float
    holding: float
    shortage: float
    offers: Sequence[Offer]

    def left_over(self, units: float) -> float:
        """Units left when the wait ends, on average, if so many are bought."""
        return self.missing(units) + self.position + units - self.mean

    def missing(self, units: float) -> float:
        """Units asked for and not there, on average, if so many are bought."""
        above = self.position + units - self.mean
        if self.sd <= 0:
            return max(-above, 0.0)
        z = above / self.sd
        if abs(z) > _FAR:
            return max(-above, 0.0)
        return self.sd * (exp(-z * z / 2) / sqrt(2 * pi) - z * (1 - erf(z / sqrt(2))) / 2)

    def cost(self, units: float) -> float:
        """Of keeping and of missing, if so many are bought."""
        return self.holding * max(self.left_over(units), 0.0) + self.shortage * self.missing(units)


@dataclass(frozen=True, kw_only=True)
class Supplier:
    """One order to it costs `order_cost`, is worth `least_value` at least, and where `container` is given is shipped in
    containers of that volume, each filled to `least_fill` on average."""

    name: str
    order_cost: float = 0.0
    least_value: float = 0.0
    container: float | None = None
    least_fill: float = 0.0
    may_order: bool = True


@dataclass(frozen=True)
class Problem:
    """Needs of a house, suppliers by name, and the money there is for one round of orders (None: as much as it takes)."""

    needs: Sequence[Need]
    suppliers: Mapping[str, Supplier]
    budget: float | None = None


@dataclass(frozen=True)
class Purchase:
    """So many units of an item from a supplier; never none."""

    sku: str
    supplier: str
    units: int


@dataclass(frozen=True)
class Plan:
    """What is bought. cost: order, holding, shortage and what is paid beyond value; bound: no plan costs less, so far as is
    known; price_of_money: what one more unit of budget would save."""

    purchases: tuple[Purchase, ...]
    cost: float
    spend: float
    bound: float = -inf
    price_of_money: float = 0.0
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def gap(self) -> float:
        """Share of the cost that a better plan could save at most."""
        return max(self.cost - self.bound, 0.0) / max(abs(self.cost), _ROUNDING)


def rounded_up(units: float, offer: Offer) -> int:
    """The least allowed quantity that is no less: a whole number of steps, at least the least."""
    wanted = max(units, offer.least, 1)
    return ceil(round(wanted / offer.step, 9)) * offer.step


def most_units(need: Need, offer: Offer) -> int:
    """The most that may be bought: the offer's most, and what can be sold before its life ends. Whole steps."""
    limits = [float(offer.most)] if offer.most is not None else []
    if offer.life_d is not None:
        limits.append(max(need.mean / max(need.wait_d, _ROUNDING) * offer.life_d - need.position, 0.0))
    if not limits:
        return 10**12 // offer.step * offer.step
    return int((min(limits) + _ROUNDING) // offer.step) * offer.step


def cost_of(problem: Problem, purchases: Sequence[Purchase]) -> tuple[float, float]:
    """Cost and spending of any set of purchases, at most one an item."""
    bought = {each.sku: each for each in purchases}
    cost = sum(problem.suppliers[name].order_cost for name in {each.supplier for each in purchases})
    spend = 0.0
    for need in problem.needs:
        purchase = bought.get(need.sku)
        units = purchase.units if purchase else 0
        cost += need.cost(units)
        if purchase:
            offer = next(offer for offer in need.offers if offer.supplier == purchase.supplier)
            price = offer.price_of(units)
            cost += units * (price + offer.extra - need.value)
            spend += units * price
    return cost, spend
