"""Every quantity worth considering of each need and offer, as flat arrays: what keeps the item's own rules. Pure.

Least, step, most, life and price breaks are kept here, so that a plan only chooses among options. Quantities around the one
that costs least, those at which a price breaks, and the least: at most some twenty an offer. Option 0 of a need buys none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from central.methods.buying.problem import Need, Offer, Problem, most_units, rounded_up

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

STEPS_AROUND = 3
PARTS = 6
NOBODY = -1


@dataclass(frozen=True)
class Options:
    """One row an option, needs in order. start: (needs + 1,), where each need's options begin; supplier: a number in
    `names`, NOBODY where none is bought; cost is without the order's own."""

    names: tuple[str, ...]
    start: Ints
    need: Ints
    supplier: Ints
    units: Ints
    cost: Floats
    spend: Floats
    volume: Floats

    def best(self, score: Floats) -> Ints:
        """The row of least score of each need; the first of equals."""
        least = np.minimum.reduceat(score, self.start[:-1])
        hits = np.flatnonzero(score <= least[self.need])
        first = np.unique(self.need[hits], return_index=True)[1]
        return hits[first]


def options(problem: Problem) -> Options:
    """All options of a problem."""
    names = tuple(problem.suppliers)
    number = {name: at for at, name in enumerate(names)}
    rows: list[tuple[int, int, int, float, float, float]] = []
    start = [0]
    for at, need in enumerate(problem.needs):
        rows.append((at, NOBODY, 0, need.cost(0), 0.0, 0.0))
        for offer in need.offers:
            if problem.suppliers[offer.supplier].may_order:
                rows += [
                    _row(at, number[offer.supplier], need, offer, units) for units in sorted(set(_quantities(need, offer)))
                ]
        start.append(len(rows))
    need_of, supplier, units, cost, spend, volume = (np.array(column) for column in zip(*rows, strict=True))
    return Options(names, np.array(start), need_of, supplier, units, cost, spend, volume)


def _row(at: int, supplier: int, need: Need, offer: Offer, units: int) -> tuple[int, int, int, float, float, float]:
    price = offer.price_of(units)
    cost = need.cost(units) + units * (price + offer.extra - need.value)
    return at, supplier, units, cost, units * price, units * offer.volume


def _quantities(need: Need, offer: Offer) -> Iterator[int]:
    least, most = rounded_up(0, offer), most_units(need, offer)
    if most < least:
        return
    wanted = _cheapest(need, offer)
    top = max(rounded_up(wanted, offer) + STEPS_AROUND * offer.step, least)
    near = range(top - 2 * STEPS_AROUND * offer.step, top + 1, offer.step)
    spread = [rounded_up(least + (top - least) * part / PARTS, offer) for part in range(PARTS + 1)]
    breaks = [rounded_up(units, offer) for units, _ in offer.price_breaks]
    yield from (units for units in (least, *near, *spread, *breaks) if least <= units <= most)


def _cheapest(need: Need, offer: Offer) -> float:
    """Units at which one more neither gains nor loses, at the offer's usual price: the newsvendor's."""
    over = need.holding + offer.price + offer.extra - need.value
    under = need.shortage - (offer.price + offer.extra - need.value)
    if under <= 0:
        return 0.0
    ratio = min(max(under / max(under + over, 1e-12), 1e-6), 1 - 1e-6)
    return max(need.mean + NormalDist().inv_cdf(ratio) * need.sd - need.position, 0.0)
