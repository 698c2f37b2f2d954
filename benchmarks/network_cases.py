"""Instances of Holmberg, Rönnqvist and Yuan (1999) as networks, and variants of them that nothing can satisfy."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from central.methods.network.problem import Facility, Network


@dataclass(frozen=True)
class Case:
    """An instance and its proven optimum."""

    name: str
    network: Network
    optimum: float


def read(paths: Sequence[Path], optima: Path) -> list[Case]:
    """The instances for which an optimum is known, in their numerical order."""
    with optima.open(encoding="utf-8", newline="") as file:
        known = {row["instance"]: float(row["optimal"]) for row in csv.DictReader(file)}
    named = sorted((path for path in paths if path.name in known), key=lambda path: int(path.name[1:]))
    return [Case(path.name, network_of(path.read_text(encoding="utf-8")), known[path.name]) for path in named]


def network_of(text: str) -> Network:
    """facilities customers; capacities; fixed costs; demands; the cost of serving each customer from each facility."""
    numbers = np.array(text.split(), dtype=float)
    n, m = int(numbers[0]), int(numbers[1])
    capacities, fixed, demands, costs = np.split(numbers[2:], [n, 2 * n, 2 * n + m])
    return Network(
        facilities=tuple(Facility(f"f{at}", float(capacities[at]), float(fixed[at])) for at in range(n)),
        customers=tuple(f"c{at}" for at in range(m)),
        unit_cost=costs[: n * m].reshape(m, n).T / demands,
        demands=demands[None, :],
        probabilities=np.ones(1),
        is_single_source=True,
    )


def impossible(network: Network, number: int, rng: np.random.Generator) -> tuple[str, Network]:
    """A variant without any design, and what was done to it; `number` turns through four kinds."""
    flows = replace(network, is_single_source=False)
    total = float(network.demands.sum())
    largest = np.cumsum(np.sort(network.capacities)[::-1])
    fewest = int(np.searchsorted(largest, total)) + 1
    kinds = (
        ("too little capacity", _shrunk(flows, 0.9 * total / network.capacities.sum())),
        ("one facility too few", replace(flows, most_open=fewest - 1)),
        ("most are closed", _closed(flows, total, rng)),
        ("a customer without a lane", _cut_off(flows, int(rng.integers(len(network.customers))))),
    )
    return kinds[number % len(kinds)]


def _shrunk(network: Network, by: float) -> Network:
    return replace(network, facilities=tuple(replace(each, capacity=each.capacity * by) for each in network.facilities))


def _closed(network: Network, total: float, rng: np.random.Generator) -> Network:
    """Close facilities in a random order until those that are left cannot serve all."""
    left = float(network.capacities.sum())
    closed = network
    for at in rng.permutation(len(network.facilities)):
        if left < total:
            break
        left -= network.facilities[at].capacity
        closed = closed.settled(network.facilities[at].name, "closed")
    return closed


def _cut_off(network: Network, customer: int) -> Network:
    cost = network.unit_cost.copy()
    cost[:, customer] = np.inf
    return replace(network, unit_cost=cost)
