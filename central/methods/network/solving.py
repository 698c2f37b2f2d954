"""The best design of a network, or the word that there is none."""

import numpy as np

from central.methods.network.model import Columns, Solution, programme
from central.methods.network.problem import Array, Design, Network, NoDesign

TIME_S = 60.0


def designed(network: Network, time_s: float = TIME_S) -> Design | NoDesign:
    """The cheapest design, or the best that was found in time.

    When HiGHS finds none in time, all that may be open is opened, and goods flow as is best.
    """
    if not network.facilities or not network.customers:
        return NoDesign("infeasible")
    built, at = programme(network)
    solution = built.solve(time_s)
    if solution.state == "infeasible":
        return NoDesign("infeasible")
    if solution.state == "out_of_time":
        return _all_open(network, time_s)
    return _design(network, at, solution)


def with_open(network: Network, is_open: tuple[bool, ...], time_s: float = TIME_S) -> Design | NoDesign:
    """The best flows when it is settled what is open."""
    settled = network
    for facility, opened in zip(network.facilities, is_open, strict=True):
        settled = settled.settled(facility.name, "open" if opened else "closed")
    built, at = programme(settled)
    solution = built.solve(time_s)
    if solution.state in {"infeasible", "out_of_time"}:
        return NoDesign("infeasible" if solution.state == "infeasible" else "out_of_time")
    return _design(settled, at, solution)


def _all_open(network: Network, time_s: float) -> Design | NoDesign:
    """A plan that is dear but serves: all that may be open is; its limits must hold none the less."""
    is_open = tuple(facility.state != "closed" for facility in network.facilities)
    found = with_open(network, is_open, time_s)
    if isinstance(found, NoDesign):
        return NoDesign("out_of_time")
    return Design("feasible", found.is_open, found.shares, found.cost, -np.inf)


def _design(network: Network, at: Columns, solution: Solution) -> Design:
    shares: Array = np.zeros((len(network.probabilities), len(network.facilities), len(network.customers)))
    for scenario in range(len(network.probabilities)):
        shares[scenario, at.facility, at.customer] = np.clip(solution.values[at.x[scenario]], 0, 1)
    shares[shares < 1e-9] = 0.0
    is_open = tuple(bool(value > 0.5) for value in solution.values[at.y])
    return Design("optimal" if solution.state == "optimal" else "feasible", is_open, shares, solution.cost, solution.bound)
