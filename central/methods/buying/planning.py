"""The plan: exact where needs are few, by a price on money where they are many, greedy if nothing else is better. Pure."""

from central.methods.buying.exact import solved
from central.methods.buying.greedy import greedy, improve
from central.methods.buying.options import NOBODY, Ints, Options, options
from central.methods.buying.priced import priced
from central.methods.buying.problem import Plan, Problem, Purchase, cost_of

FEW_OPTIONS = 3000


def planned(problem: Problem) -> Plan:
    """The cheapest plan that was found. Where money does not reach, the part of it that saves most."""
    if not problem.needs:
        return Plan((), 0.0, 0.0, 0.0)
    every = options(problem)
    by_price = priced(problem, every)
    found = [improve(problem, every, by_price.chosen), greedy(problem, every)]
    bound = by_price.bound
    if len(every.need) <= FEW_OPTIONS and (best := solved(problem, every)) is not None:
        found.insert(0, improve(problem, every, best.chosen))
        bound = max(bound, best.bound)
    plans = [_plan(problem, every, chosen, bound, by_price.price) for chosen in found]
    return min(plans, key=lambda plan: plan.cost)


def greedy_plan(problem: Problem) -> Plan:
    """What marginal value alone buys: the peer."""
    if not problem.needs:
        return Plan((), 0.0, 0.0)
    every = options(problem)
    return _plan(problem, every, greedy(problem, every), float("-inf"), 0.0)


def _plan(problem: Problem, every: Options, chosen: Ints, bound: float, price: float) -> Plan:
    purchases = tuple(
        Purchase(need.sku, every.names[every.supplier[row]], int(every.units[row]))
        for need, row in zip(problem.needs, chosen, strict=True)
        if every.supplier[row] != NOBODY
    )
    cost, spend = cost_of(problem, purchases)
    return Plan(purchases, cost, spend, min(bound, cost), price)
