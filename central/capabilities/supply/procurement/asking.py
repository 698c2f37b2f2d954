"""Inputs as a buying problem. Pure.

What a missing unit loses is its margin; what a unit left over costs is set so that the level which costs least is the one
that lasts with the service level asked for: demand until the next arrival and its safety. Money decides only where rules do
not let an item have that.
"""

from dataclasses import replace
from statistics import NormalDist

from central.capabilities.supply.procurement.facts import Inputs, Need, Params
from central.methods.buying import problem
from central.methods.buying.problem import Offer, Problem, Supplier
from central.methods.lead_time.lateness import lateness

LEAST_MONEY = 1e-6


def demand(need: Need, params: Params) -> float:
    """Units asked for until the order after this one arrives."""
    return need.demand_d * (need.lead_time_d + params.review_d)


def asked(inputs: Inputs, params: Params) -> Problem:
    """One supplier, one need an item, those in another currency left out."""
    rules = inputs.rules
    supplier = Supplier(
        name=inputs.supplier,
        order_cost=rules.order_cost,
        least_value=rules.least_value,
        may_order=not rules.order_weekdays or inputs.as_of.weekday() in rules.order_weekdays,
    )
    late = lateness(inputs.days_late).expected_d * params.late_cost
    needs = [_need(need, inputs.supplier, late, params) for need in unique(inputs)]
    return Problem(needs, {inputs.supplier: supplier}, params.budget or None)


def unique(inputs: Inputs) -> list[Need]:
    """Needs that one order can hold: of its currency, the first of each item."""
    found: dict[str, Need] = {}
    for need in inputs.needs:
        if need.currency == inputs.rules.currency:
            found.setdefault(need.sku, need)
    return list(found.values())


def _wanted(need: Need, offer: Offer, params: Params) -> int:
    """Units that would be bought at any price: what they cost is what goods are worth, and only a better price gains."""
    return problem.rounded_up(demand(need, params) + need.safety - need.position, offer)


def _most(need: Need, offer: Offer, params: Params) -> int:
    """No more than sells in `most_cover_d`, but what is wanted: a lower price does not fill the house for months."""
    cover = max(int(need.demand_d * params.most_cover_d - need.position), _wanted(need, offer, params))
    return cover if need.most is None else min(cover, need.most)


def _need(need: Need, supplier: str, late: float, params: Params) -> problem.Need:
    price = max(need.price, LEAST_MONEY)
    shortage = max(price * params.margin, LEAST_MONEY)
    offer = Offer(
        supplier=supplier,
        price=need.price,
        price_breaks=need.price_breaks,
        least=need.least,
        step=need.step,
        most=need.most,
        life_d=need.life_d,
        extra=0.0 if late > params.margin else late * need.price,
    )
    offer = replace(offer, most=_most(need, offer, params))
    return problem.Need(
        sku=need.sku,
        position=need.position,
        mean=demand(need, params),
        sd=need.safety / NormalDist().inv_cdf(params.service_level),
        wait_d=need.lead_time_d + params.review_d,
        value=offer.price_of(_wanted(need, offer, params)) + offer.extra,
        holding=shortage * (1 - params.service_level) / params.service_level,
        shortage=shortage,
        offers=[offer],
    )
