"""What the best design says of the world: what a unit more of demand would cost, and what one more of capacity would save.

Duals of the flows once it is settled what is open, goods split as is best: they hold for small changes only, and only while
nothing opens or closes.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from central.methods.network.model import lanes_of
from central.methods.network.problem import Array, Design, Network


@dataclass(frozen=True)
class ShadowPrices:
    """demand: (m,) what serving one unit more would cost; capacity: (n,) what one unit more of capacity would save.

    Expected money over the scenarios, one unit more in each of them.
    """

    demand: Array
    capacity: Array


def shadow_prices(network: Network, design: Design) -> ShadowPrices | None:
    """Prices at a design's facilities; None where nothing that is open serves somebody."""
    total = ShadowPrices(np.zeros(len(network.customers)), np.zeros(len(network.facilities)))
    for demand, chance in zip(network.demands, network.probabilities, strict=True):
        found = _of_scenario(network, np.array(design.is_open), demand)
        if found is None:
            return None
        total = ShadowPrices(total.demand + chance * found.demand, total.capacity + chance * found.capacity)
    return total


def _of_scenario(network: Network, is_open: np.ndarray, demand: Array) -> ShadowPrices | None:
    facility, customer = lanes_of(network)
    is_used = is_open[facility]
    facility, customer = facility[is_used], customer[is_used]
    lanes = np.arange(len(facility))
    if not len(lanes):
        return None
    ones, n, m = np.ones(len(lanes)), len(network.facilities), len(network.customers)
    found = linprog(  # type: ignore[call-overload]  # its stubs know no sparse matrices
        network.unit_cost[facility, customer],
        A_ub=coo_array((ones, (facility, lanes)), shape=(n, len(lanes))).tocsr(),
        b_ub=network.capacities,
        A_eq=coo_array((ones, (customer, lanes)), shape=(m, len(lanes))).tocsr(),
        b_eq=demand,
        method="highs",
    )
    if found.x is None:
        return None
    return ShadowPrices(np.asarray(found.eqlin.marginals), -np.asarray(found.ineqlin.marginals))
