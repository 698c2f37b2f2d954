"""What is to be decided about a network: facilities, customers, lanes between them, limits, and demands that may differ."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
State = Literal["free", "open", "closed"]


@dataclass(frozen=True)
class Facility:
    """A place that can serve. capacity in units a period, fixed_cost in money a period while it is open.

    state: 'open' and 'closed' are settled, 'free' is for the plan to say.
    """

    name: str
    capacity: float
    fixed_cost: float
    state: State = "free"


@dataclass(frozen=True)
class Network:
    """n facilities, m customers, s scenarios. unit_cost: (n, m) money a unit, infinite where there is no lane.

    demands: (s, m) units a period, all of it to be served in every scenario; probabilities: (s,), their sum is 1. Facilities
    are opened once for all scenarios, goods flow in each as is best. most_open and budget (of fixed costs) may be None.
    """

    facilities: tuple[Facility, ...]
    customers: tuple[str, ...]
    unit_cost: Array
    demands: Array
    probabilities: Array
    is_single_source: bool = False
    most_open: int | None = None
    budget: float | None = None

    def __post_init__(self) -> None:
        n, m, s = len(self.facilities), len(self.customers), len(self.probabilities)
        if self.unit_cost.shape != (n, m) or self.demands.shape != (s, m):
            raise ValueError(
                f"{n} facilities, {m} customers, {s} scenarios: shapes {self.unit_cost.shape}, {self.demands.shape}"
            )

    @property
    def capacities(self) -> Array:
        """(n,) units a period."""
        return np.array([facility.capacity for facility in self.facilities], dtype=float)

    @property
    def fixed_costs(self) -> Array:
        """(n,) money a period."""
        return np.array([facility.fixed_cost for facility in self.facilities], dtype=float)

    def settled(self, name: str, state: State) -> "Network":
        """The same network with one facility settled."""
        facilities = tuple(replace(each, state=state) if each.name == name else each for each in self.facilities)
        return replace(self, facilities=facilities)


@dataclass(frozen=True)
class Design:
    """What to open and how goods flow. shares: (s, n, m), the part of each demand that a facility serves, 0..1.

    state: 'optimal', or 'feasible' when time ran out; bound: no plan costs less.
    """

    state: Literal["optimal", "feasible"]
    is_open: tuple[bool, ...]
    shares: Array
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """Share by which the cost may be too high."""
        return max(self.cost - self.bound, 0.0) / max(abs(self.cost), 1e-9)


@dataclass(frozen=True)
class NoDesign:
    """Why there is none: the requirements contradict each other, or time ran out before any was found."""

    state: Literal["infeasible", "out_of_time"]
