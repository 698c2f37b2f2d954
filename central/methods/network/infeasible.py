"""Why a network has no design: the fewest requirements that contradict each other, and the cheapest way to give in.

Reasons by QuickXplain (Junker 2004), first among families of requirements, then within those that matter. The relaxation is
a programme of its own, in which each requirement may be given up at a price.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from central.methods.network.model import Columns, Programme, Requirement, Solution, programme
from central.methods.network.problem import Network

FIRST_FOUND = 1e9  # a gap at which HiGHS stops with its first plan
MOST_QUESTIONS = 24  # of one family: more reasons than that are no explanation, the family as a whole is
LEAST_AMOUNT = 1e-6
_PROOF_S, _RELAX_S = 10.0, 30.0
T = TypeVar("T")


@dataclass(frozen=True)
class Prices:
    """What giving in costs: a unit of demand not served, a unit of capacity more, a closed facility opened after all, a
    facility more than allowed, a unit of money over the budget."""

    unserved: float = 10.0
    capacity: float = 1.0
    reopened: float = 1.0
    more_open: float = 1.0
    over_budget: float = 1.0


@dataclass(frozen=True)
class Relaxation:
    """How much a requirement must give: units of demand or capacity, facilities, money; 1 for a closed one."""

    requirement: Requirement
    amount: float


@dataclass(frozen=True)
class Contradiction:
    """reasons: together they cannot hold, and without any one of them the others can (where `is_minimal`). One with an empty
    name stands for its whole family, where too many members take part to name them.

    relaxations: what to give to make a design possible; empty only when none was found in time.
    """

    reasons: tuple[Requirement, ...]
    is_minimal: bool
    relaxations: tuple[Relaxation, ...]
    price: float


def contradiction(network: Network, prices: Prices | None = None) -> Contradiction:
    """Why there is no design for this network, and what would make one."""
    reasons, is_minimal = _reasons(network)
    given, price = cheapest_relaxation(network, prices or Prices())
    return Contradiction(reasons, is_minimal, given, price)


def relaxed(network: Network, given: Sequence[Relaxation]) -> Network:
    """The network with these requirements given in to."""
    demands = network.demands.copy()
    loosened = network
    for each in given:
        family, name = each.requirement.family, each.requirement.name
        if family == "demand":
            at = network.customers.index(name)
            most = float(network.demands[:, at].max())
            demands[:, at] *= 1 - min(each.amount / most, 1.0) if most else 1.0
        elif family == "capacity":
            loosened = _enlarged(loosened, name, each.amount)
        elif family == "closed":
            loosened = loosened.settled(name, "free")
        elif family == "most_open" and loosened.most_open is not None:
            loosened = replace(loosened, most_open=loosened.most_open + round(each.amount))
        elif family == "budget" and loosened.budget is not None:
            loosened = replace(loosened, budget=loosened.budget + each.amount)
    return replace(loosened, demands=demands)


def _enlarged(network: Network, name: str, by: float) -> Network:
    facilities = (replace(x, capacity=x.capacity + by) if x.name == name else x for x in network.facilities)
    return replace(network, facilities=tuple(facilities))


def cheapest_relaxation(network: Network, prices: Prices) -> tuple[tuple[Relaxation, ...], float]:
    """The cheapest set of requirements to give in to, and its price."""
    closed = [Requirement("closed", each.name) for each in network.facilities if each.state == "closed"]
    built, at = programme(network, closed, is_elastic=True)
    slacks = _Slacks(built, at, network, prices)
    solution = built.solve_for(slacks.cost(), _RELAX_S)
    if solution.state not in ("optimal", "feasible"):
        return (), float("inf")
    return slacks.given(solution), solution.cost


class _Slacks:
    """Columns that let requirements give, and what each costs."""

    def __init__(self, built: Programme, at: Columns, network: Network, prices: Prices) -> None:
        self._built, self._at, self._network, self._prices = built, at, network, prices
        n, m = len(network.facilities), len(network.customers)
        most = network.demands.max(axis=0, initial=0.0)
        self._total = float(network.demands.sum(axis=1).max(initial=0.0))
        self._most = most
        self._unserved = built.add_columns(np.zeros(m), np.ones(m))
        self._more = built.add_columns(np.zeros(n), np.full(n, self._total))
        self._limits = {family: int(built.add_columns(np.zeros(1), np.full(1, np.inf))[0]) for family in at.limits}
        for served, within in zip(at.served, at.within, strict=True):
            built.put(served, self._unserved, 1.0)
            built.put(within, self._more, -1.0)
        for family, row in at.limits.items():
            built.put(np.array([row]), np.array([self._limits[family]]), -1.0)

    def cost(self) -> NDArray[np.float64]:
        """(columns,) price of giving in; nothing else costs."""
        prices, cost = self._prices, np.zeros(self._built.columns)
        cost[self._unserved] = prices.unserved * self._most
        cost[self._more] = prices.capacity
        of_limits = {"most_open": prices.more_open, "budget": prices.over_budget}
        for family, column in self._limits.items():
            cost[column] = of_limits[family]
        closed = [each.state == "closed" for each in self._network.facilities]
        cost[self._at.y] = np.where(closed, prices.reopened, 0.0)
        return cost

    def given(self, solution: Solution) -> tuple[Relaxation, ...]:
        """What gives, by how much."""
        network, values = self._network, solution.values
        found = [
            *(
                Relaxation(Requirement("demand", name), float(share * most))
                for name, share, most in zip(network.customers, values[self._unserved], self._most, strict=True)
            ),
            *(
                Relaxation(Requirement("capacity", facility.name), float(amount))
                for facility, amount in zip(network.facilities, values[self._more], strict=True)
            ),
            *(
                Relaxation(Requirement("closed", facility.name), float(round(y)))
                for facility, y in zip(network.facilities, values[self._at.y], strict=True)
                if facility.state == "closed"
            ),
            *(Relaxation(_whole(family), float(values[column])) for family, column in self._limits.items()),
        ]
        return tuple(each for each in found if each.amount > LEAST_AMOUNT)


def _whole(family: str) -> Requirement:
    return Requirement("budget" if family == "budget" else "most_open")


def _reasons(network: Network) -> tuple[tuple[Requirement, ...], bool]:
    families = _families(network)
    questions = _Questions(network)
    everything = [requirement for family in families for requirement in family]
    guilty = minimal(families, lambda kept: questions.clash(_outside(everything, [each for one in kept for each in one])))
    found = [each for family in guilty for each in family]
    is_minimal = not questions.gave_up
    reasons: list[Requirement] = []
    for family in guilty:
        fewest = _narrowed(network, family, [each for each in found if each not in set(family)], everything)
        found = [*(each for each in found if each not in set(family)), *(fewest or family)]
        reasons += fewest or [Requirement(family[0].family)]
    return tuple(reasons), is_minimal


def _narrowed(
    network: Network, family: Sequence[Requirement], others: Sequence[Requirement], everything: Sequence[Requirement]
) -> list[Requirement]:
    """The fewest of a family that clash with the others; none where finding them would take too long."""
    questions = _Questions(network)
    fewest = minimal(family, lambda kept: questions.clash(_outside(everything, [*others, *kept])))
    return [] if questions.gave_up else fewest


def _outside(everything: Sequence[Requirement], kept: Sequence[Requirement]) -> list[Requirement]:
    inside = set(kept)
    return [each for each in everything if each not in inside]


class _Questions:
    """Asks HiGHS whether requirements clash when some are left out; after too many questions it says no."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._asked = 0
        self.gave_up = False

    def clash(self, without: Sequence[Requirement]) -> bool:
        """Whether no design exists even without these. Taken as no where it is not proven in time."""
        self._asked += 1
        if self._asked > MOST_QUESTIONS or self.gave_up:
            self.gave_up = True
            return False
        built, _ = programme(self._network, without)
        solution = built.solve_for(np.zeros(built.columns), _PROOF_S, FIRST_FOUND)
        self.gave_up = solution.state == "out_of_time"
        return solution.state == "infeasible"


def _families(network: Network) -> list[list[Requirement]]:
    found = [
        [Requirement("demand", name) for name in network.customers],
        [Requirement("capacity", facility.name) for facility in network.facilities],
        [Requirement("closed", facility.name) for facility in network.facilities if facility.state == "closed"],
        [Requirement("most_open")] if network.most_open is not None else [],
        [Requirement("budget")] if network.budget is not None else [],
        [Requirement("single_source")] if network.is_single_source else [],
    ]
    return [family for family in found if family]


def minimal(candidates: Sequence[T], is_clash: Callable[[Sequence[T]], bool]) -> list[T]:
    """The fewest of `candidates` that clash by themselves (QuickXplain): none of them can be left out."""
    return _explained([], False, list(candidates), is_clash)


def _explained(kept: list[T], is_new: bool, rest: list[T], is_clash: Callable[[Sequence[T]], bool]) -> list[T]:
    if is_new and is_clash(kept):
        return []
    if len(rest) <= 1:
        return rest
    half = len(rest) // 2
    first, second = rest[:half], rest[half:]
    of_second = _explained([*kept, *first], True, second, is_clash)
    of_first = _explained([*kept, *of_second], bool(of_second), first, is_clash)
    return [*of_first, *of_second]
