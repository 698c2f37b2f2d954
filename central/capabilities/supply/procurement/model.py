"""One order to a supplier from what its items need: whole packs, least quantities, least value, budget, order days.

Method: mixed-integer programming over the quantities worth considering (`central.methods.buying`), greedy by marginal value
where that finds nothing better; a checker of its own goes over every order. What does not fit is left out by name, with the
rule that costs most and what it would take: never an empty answer where something can be bought. Weak where demand of items
hangs together, and where a supplier's quotes change while an order waits.
"""

from datetime import timedelta

from central.capabilities.supply.procurement import asking, explaining
from central.capabilities.supply.procurement.facts import Inputs, Line, Need, Order, Params
from central.deciding.outcome import Money, Outcome, Reason
from central.methods.buying.planning import planned
from central.methods.buying.problem import Plan
from central.methods.buying.shadows import shadows

DAYS_A_WEEK = 7


def decide(inputs: Inputs, params: Params) -> Outcome[Order]:
    """An order, nothing while nothing is needed or it is not the day, or what is missing to tell."""
    if not inputs.needs:
        none = Reason("nothing_asked", supplier=inputs.label)
        return Outcome.nothing(none) if inputs.items else Outcome.undecided(none)
    needs = asking.unique(inputs)
    about = explaining.supplier(inputs)
    if not needs:
        return Outcome.undecided(*about)
    problem = asking.asked(inputs, params)
    if not problem.suppliers[inputs.supplier].may_order:
        return Outcome.nothing(Reason("not_an_order_day", day=_next_day(inputs)), *about)
    plan = planned(problem)
    costs = shadows(problem, plan)
    left = explaining.left_out(needs, plan, costs)
    relaxations = tuple(explaining.shadows(costs, inputs.rules.currency))
    if not plan.purchases:
        return Outcome.nothing(Reason("nothing_pays", supplier=inputs.label), *left, *about, would_change=relaxations)
    return _order(inputs, params, plan, (*explaining.lines(needs, plan, params), *left, *about), relaxations)


def _order(
    inputs: Inputs, params: Params, plan: Plan, why: tuple[Reason, ...], relaxations: tuple[Reason, ...]
) -> Outcome[Order]:
    known = {need.sku: need for need in asking.unique(inputs)}
    lines = tuple(Line(sku=each.sku, units=each.units, price=_price(known[each.sku], each.units)) for each in plan.purchases)
    order = Order(supplier=inputs.supplier, currency=inputs.rules.currency, lines=lines)
    value = round(order.value, 2)
    return Outcome.propose(
        order,
        Reason("order", supplier=inputs.label, lines=len(lines), value=value, currency=order.currency),
        *why,
        Reason("gap", gap=round(plan.gap, 4)),
        would_change=relaxations,
        effect=Money(value, order.currency),
        approve_by=inputs.as_of + timedelta(days=params.review_d if not inputs.rules.order_weekdays else 1),
    )


def effect(_inputs: Inputs, order: Order, _params: Params) -> Money:
    """The money that an order moves, a changed one too."""
    return Money(round(order.value, 2), order.currency)


def _price(need: Need, units: int) -> float:
    reached = [price for least, price in need.price_breaks if units >= least]
    return min([need.price, *reached])


def _next_day(inputs: Inputs) -> str:
    for ahead in range(1, DAYS_A_WEEK + 1):
        day = inputs.as_of + timedelta(days=ahead)
        if day.weekday() in inputs.rules.order_weekdays:
            return day.date().isoformat()
    return inputs.as_of.date().isoformat()
