"""What each rule costs: the saving if it alone were not there, and how far it would have to give way. Pure.

The rules of one item are judged on that item alone, with money at the plan's price; those of an order, and the budget, by a
plan made anew without them. Sorted by saving: where money or a rule leaves needs open, the first that helps is named with
the least that it must give. Nothing is said of rules that cost nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from central.methods.buying.options import options
from central.methods.buying.planning import planned
from central.methods.buying.problem import Need, Offer, Plan, Problem, Supplier

LEAST_SAVING = 0.01

_OF_OFFERS: Mapping[str, Callable[[Offer], Offer]] = MappingProxyType(
    {
        "least": lambda offer: replace(offer, least=1),
        "step": lambda offer: replace(offer, step=1),
        "most": lambda offer: replace(offer, most=None),
        "life": lambda offer: replace(offer, life_d=None),
    }
)
_OF_SUPPLIERS: Mapping[str, Callable[[Supplier], Supplier]] = MappingProxyType(
    {
        "least_value": lambda supplier: replace(supplier, least_value=0.0),
        "container": lambda supplier: replace(supplier, container=None),
        "order_day": lambda supplier: replace(supplier, may_order=True),
    }
)


@dataclass(frozen=True)
class Shadow:
    """A rule, of what, what its absence would save, and by how much it must give way for that (units or money)."""

    rule: str
    name: str
    saves: float
    gives: float


def shadows(problem: Problem, plan: Plan) -> list[Shadow]:
    """Every rule that costs something, the dearest first."""
    bought = {each.sku: each.units for each in plan.purchases}
    found = [each for need in problem.needs for each in _of_need(problem, need, plan, bought.get(need.sku, 0))]
    found += [each for supplier in problem.suppliers.values() for each in _of_supplier(problem, supplier, plan)]
    found += _of_budget(problem, plan)
    return sorted(
        (each for each in found if each.saves > LEAST_SAVING), key=lambda each: (-each.saves, each.rule, each.name)
    )


def _of_need(problem: Problem, need: Need, plan: Plan, units: int) -> Iterator[Shadow]:
    with_all = _alone(problem, need, plan.price_of_money)
    for rule, lifted in _OF_OFFERS.items():
        offers = [lifted(offer) for offer in need.offers]
        if offers != list(need.offers):
            without = _alone(problem, replace(need, offers=offers), plan.price_of_money)
            yield Shadow(rule, need.sku, with_all[0] - without[0], abs(without[1] - units))


def _alone(problem: Problem, need: Need, price: float) -> tuple[float, float]:
    """The least cost of one need with money at a price, and the units it takes."""
    every = options(Problem([need], problem.suppliers))
    score = every.cost + price * every.spend
    at = int(score.argmin())
    return float(score[at]), float(every.units[at])


def _of_supplier(problem: Problem, supplier: Supplier, plan: Plan) -> Iterator[Shadow]:
    for rule, lifted in _OF_SUPPLIERS.items():
        free = lifted(supplier)
        if free != supplier:
            other = planned(replace(problem, suppliers={**problem.suppliers, supplier.name: free}))
            gives = max(supplier.least_value - other.spend, 0.0) if rule == "least_value" else 0.0
            yield Shadow(rule, supplier.name, plan.cost - other.cost, gives)


def _of_budget(problem: Problem, plan: Plan) -> list[Shadow]:
    if problem.budget is None:
        return []
    free = planned(replace(problem, budget=None))
    return [Shadow("budget", "", plan.cost - free.cost, max(free.spend - problem.budget, 0.0))]
