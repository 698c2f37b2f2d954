"""A plan by one price on the shared budget: each need then chooses alone, supplier by supplier. Pure.

Method: Lagrangian relaxation of the budget and of the cost of opening an order (Fisher 1981). With money at a price the
needs fall apart, so that ten thousand are chosen at once; the price is found by bisection. The cost of an order is shared
among the needs that order, which keeps the bound valid: their shares add up to it. What the relaxation leaves undone (least
value, containers, the last money) is mended by `greedy.improve`. The bound holds for every plan made of these options.
"""

from dataclasses import dataclass

import numpy as np

from central.methods.buying.options import NOBODY, Floats, Ints, Options
from central.methods.buying.problem import Problem

HALVINGS = 40
ROUNDS = 3
HIGHEST_PRICE = 1e6


@dataclass(frozen=True)
class Priced:
    """The chosen rows, (needs,), at a price of money, and a cost that no plan is below."""

    chosen: Ints
    price: float
    bound: float


def priced(problem: Problem, options: Options) -> Priced:
    """The best choice at the lowest price at which the budget is kept."""
    order_cost = np.array([problem.suppliers[name].order_cost for name in options.names])
    found = _at_lowest_price(problem, options, np.zeros(len(options.need)))
    bound = found.bound
    for _ in range(ROUNDS):
        found = _at_lowest_price(problem, options, _shares(options, found.chosen, order_cost))
        bound = max(bound, found.bound)
    return Priced(found.chosen, found.price, bound)


def _at_lowest_price(problem: Problem, options: Options, share: Floats) -> Priced:
    def at(price: float) -> Ints:
        return options.best(options.cost + share + price * options.spend)

    free = at(0.0)
    if problem.budget is None or options.spend[free].sum() <= problem.budget:
        return Priced(free, 0.0, float((options.cost + share)[free].sum()))
    low, high = 0.0, 1.0
    while options.spend[at(high)].sum() > problem.budget and high < HIGHEST_PRICE:
        low, high = high, high * 4
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if options.spend[at(middle)].sum() > problem.budget else (low, middle)
    chosen = at(high)
    score = float((options.cost + share + high * options.spend)[chosen].sum())
    return Priced(chosen, high, score - high * problem.budget)


def _shares(options: Options, chosen: Ints, order_cost: Floats) -> Floats:
    """What each option carries of its supplier's order cost: equal parts among the needs that order of it now."""
    supplier = options.supplier[chosen]
    lines = np.bincount(supplier[supplier != NOBODY], minlength=len(options.names))
    held = np.append(supplier, NOBODY)[options.need]
    carries = (options.supplier == held) & (options.supplier != NOBODY)
    part = np.where(lines > 0, order_cost / np.maximum(lines, 1), 0.0)
    return np.where(carries, part[options.supplier], 0.0)
