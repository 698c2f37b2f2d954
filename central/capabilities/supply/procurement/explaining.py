"""Why an order is as it is: each line's sum, what was left out, what each rule costs. Codes and values. Pure."""

from collections.abc import Sequence
from math import ceil

from central.capabilities.supply.procurement.asking import demand
from central.capabilities.supply.procurement.facts import LEAST_DELIVERIES, Inputs, LeadTime, Need, Params
from central.deciding.outcome import Reason
from central.methods.buying.problem import Plan, Purchase
from central.methods.buying.shadows import Shadow
from central.methods.lead_time.lateness import lateness

MOST_LINES = 12
MOST_SHADOWS = 5


def line(need: Need, purchase: Purchase, params: Params) -> Reason:
    """The sum behind a quantity: demand and safety less what is there, rounded up; and what the least made of it."""
    asked_for, safety = round(demand(need, params), 1), round(need.safety, 1)
    bare = asked_for + safety - need.position
    told: dict[str, str | float] = {"sku": need.sku, "units": purchase.units, "demand": asked_for, "safety": safety}
    told |= {"position": need.position, "packs": purchase.units // need.step, "pack_size": need.step, "least": need.least}
    if purchase.units == _rounded(need.least, need.step) and bare < need.least and need.least > need.step:
        return Reason("line_least_binding", **told)
    if purchase.units == _rounded(bare, need.step):
        return Reason("line", **told)
    reached = [least for least, _ in need.price_breaks if bare < least <= purchase.units]
    return Reason("line_price_break", **told, reached=max(reached)) if reached else Reason("line_other", **told)


def _rounded(units: float, step: int) -> int:
    return ceil(round(max(units, 1) / step, 9)) * step


def lines(needs: Sequence[Need], plan: Plan, params: Params) -> list[Reason]:
    """One a line, the dearest first."""
    known = {need.sku: need for need in needs}
    dearest = sorted(plan.purchases, key=lambda each: (-each.units * known[each.sku].price, each.sku))
    return [line(known[each.sku], each, params) for each in dearest[:MOST_LINES]]


def left_out(needs: Sequence[Need], plan: Plan, costs: Sequence[Shadow]) -> list[Reason]:
    """Items that inventory asked for and the order does not hold, each with the rule that costs it most."""
    bought = {each.sku for each in plan.purchases}
    found = []
    for need in needs:
        if need.sku not in bought:
            rule = next((each.rule for each in costs if each.name in (need.sku, "")), "covered")
            found.append(Reason(f"left_out_{rule}", sku=need.sku, wanted=need.wanted))
    return found[:MOST_LINES]


def shadows(costs: Sequence[Shadow], currency: str) -> list[Reason]:
    """What would save most if it gave way, and by how much it must: the cheapest relaxations."""
    return [
        Reason(
            f"costs_{each.rule}", name=each.name, saves=round(each.saves, 2), gives=round(each.gives, 2), currency=currency
        )
        for each in costs[:MOST_SHADOWS]
    ]


def supplier(inputs: Inputs) -> list[Reason]:
    """How long it takes and how late it is, where deliveries were seen; items in another currency than its orders."""
    found = _lead_time(inputs.lead_time)
    if inputs.days_late:
        seen = lateness(inputs.days_late)
        late_d = round(seen.late_d, 1)
        if late_d > 0:  # less is the same day
            found.append(Reason("late", share=round(seen.share, 3), deliveries=seen.deliveries, late_d=late_d))
    odd = [need for need in inputs.needs if need.currency != inputs.rules.currency]
    return found + [
        Reason("other_currency", sku=need.sku, other=need.currency, currency=inputs.rules.currency)
        for need in odd[:MOST_LINES]
    ]


def _lead_time(known: LeadTime | None) -> list[Reason]:
    if known is None:
        return []
    if known.mean_d is None or known.within_d is None:
        return [Reason("lead_time_stated", deliveries=known.deliveries, needed=LEAST_DELIVERIES)]
    return [Reason("lead_time", deliveries=known.deliveries, mean_d=known.mean_d, within_d=known.within_d)]
