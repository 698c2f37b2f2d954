"""Whether a plan keeps the rules, worked out a second time from the problem alone. A person's plan is asked too. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import ceil
from typing import NamedTuple

from central.methods.buying.problem import Need, Offer, Problem, Purchase, Supplier

TOLERANCE = 1e-6


class Fault(NamedTuple):
    """A rule that a plan breaks: which, of what, and the two numbers that do not fit."""

    rule: str
    name: str
    is_: float
    must: float


def faults(problem: Problem, purchases: Sequence[Purchase]) -> list[Fault]:
    """Every rule that is broken; empty when none is."""
    needs = {need.sku: need for need in problem.needs}
    counted = Counter(each.sku for each in purchases)
    found = [Fault("bought_twice", sku, count, 1) for sku, count in counted.items() if count > 1]
    orders: dict[str, list[tuple[Purchase, Offer]]] = defaultdict(list)
    for each in purchases:
        offer = _offer(needs.get(each.sku), each.supplier)
        if offer is None or each.supplier not in problem.suppliers:
            found.append(Fault("not_offered", each.sku, each.units, 0))
            continue
        found += _of_line(needs[each.sku], offer, each.units)
        orders[each.supplier].append((each, offer))
    for name, lines in orders.items():
        found += _of_order(problem.suppliers[name], lines)
    spend = sum(_value(lines) for lines in orders.values())
    if problem.budget is not None and spend > problem.budget + TOLERANCE:
        found.append(Fault("budget", "", spend, problem.budget))
    return found


def _offer(need: Need | None, supplier: str) -> Offer | None:
    return next((offer for offer in need.offers if offer.supplier == supplier), None) if need else None


def _of_line(need: Need, offer: Offer, units: int) -> Iterator[Fault]:
    if units < max(offer.least, 1):
        yield Fault("least", need.sku, units, offer.least)
    if units % offer.step:
        yield Fault("step", need.sku, units, offer.step)
    if offer.most is not None and units > offer.most:
        yield Fault("most", need.sku, units, offer.most)
    if offer.life_d is not None:
        sold = need.mean * offer.life_d / need.wait_d if need.wait_d > 0 else 0.0
        if need.position + units > max(sold, need.position) + TOLERANCE:
            yield Fault("life", need.sku, need.position + units, sold)


def _of_order(supplier: Supplier, lines: Sequence[tuple[Purchase, Offer]]) -> Iterator[Fault]:
    value = _value(lines)
    if not supplier.may_order:
        yield Fault("order_day", supplier.name, len(lines), 0)
    if value < supplier.least_value - TOLERANCE:
        yield Fault("least_value", supplier.name, value, supplier.least_value)
    if supplier.container is not None and supplier.container > 0:
        volume = sum(each.units * offer.volume for each, offer in lines)
        containers = ceil(volume / supplier.container - TOLERANCE)
        if containers and volume < supplier.least_fill * containers * supplier.container - TOLERANCE:
            yield Fault("container", supplier.name, volume / (containers * supplier.container), supplier.least_fill)


def _value(lines: Sequence[tuple[Purchase, Offer]]) -> float:
    return sum(
        each.units * min([offer.price, *(p for least, p in offer.price_breaks if each.units >= least)])
        for each, offer in lines
    )
