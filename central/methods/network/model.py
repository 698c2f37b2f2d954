"""The network as a mixed-integer programme for HiGHS, with a slack wherever a requirement may be given up at a price."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array

from central.methods.network.problem import Array, Network

Family = Literal["demand", "capacity", "closed", "most_open", "budget", "single_source", "lane"]
RELATIVE_GAP = 1e-7
ROUNDING = 1e-9
_OPTIMAL, _LIMIT = 0, 1


@dataclass(frozen=True)
class Requirement:
    """Something asked of a plan: the demand of a customer, the capacity of a facility, a limit of the whole (name '')."""

    family: Family
    name: str = ""


@dataclass(frozen=True)
class Solution:
    """Values of all variables; state 'feasible' when time ran out first."""

    state: Literal["optimal", "feasible", "infeasible", "out_of_time"]
    values: Array
    cost: float
    bound: float


class Programme:
    """Rows and columns, added one block at a time."""

    def __init__(self) -> None:
        self._cost: list[Array] = []
        self._upper: list[Array] = []
        self._lower: list[Array] = []
        self._whole: list[Array] = []
        self._rows: list[NDArray[np.int64]] = []
        self._columns: list[NDArray[np.int64]] = []
        self._entries: list[Array] = []
        self._row_lower: list[Array] = []
        self._row_upper: list[Array] = []
        self.columns = self.rows = 0

    def add_columns(
        self, cost: Array, upper: Array, *, is_whole: bool = False, lower: Array | None = None
    ) -> NDArray[np.int64]:
        """New variables. Returns their numbers."""
        n = len(cost)
        self._cost.append(cost)
        self._upper.append(upper)
        self._lower.append(np.zeros(n) if lower is None else lower)
        self._whole.append(np.full(n, float(is_whole)))
        self.columns += n
        return np.arange(self.columns - n, self.columns)

    def add_rows(self, lower: Array, upper: Array) -> NDArray[np.int64]:
        """New constraints, empty at first. Returns their numbers."""
        self._row_lower.append(lower)
        self._row_upper.append(upper)
        self.rows += len(lower)
        return np.arange(self.rows - len(lower), self.rows)

    def put(self, rows: NDArray[np.int64], columns: NDArray[np.int64], entries: Array | float) -> None:
        """Coefficients: rows, columns and entries side by side."""
        self._rows.append(rows)
        self._columns.append(columns)
        self._entries.append(np.broadcast_to(np.asarray(entries, dtype=float), rows.shape))

    def matrix(self) -> csr_array:
        """(rows, columns) coefficients."""
        at = (np.concatenate(self._rows), np.concatenate(self._columns))
        return csr_array(coo_array((np.concatenate(self._entries), at), shape=(self.rows, self.columns)))

    @property
    def cost(self) -> Array:
        """(columns,) money."""
        return np.concatenate(self._cost)

    @property
    def row_limits(self) -> tuple[Array, Array]:
        """(rows,) least and most of each row."""
        return np.concatenate(self._row_lower), np.concatenate(self._row_upper)

    @property
    def column_limits(self) -> tuple[Array, Array]:
        """(columns,) least and most of each variable."""
        return np.concatenate(self._lower), np.concatenate(self._upper)

    def solve(self, time_s: float, gap: float = RELATIVE_GAP) -> Solution:
        """By HiGHS, within so many seconds of its own clock."""
        return self.solve_for(self.cost, time_s, gap)

    def solve_for(self, cost: Array, time_s: float, gap: float = RELATIVE_GAP) -> Solution:
        """The same for another objective, (columns,) in place of the cost."""
        found = milp(
            cost,
            integrality=np.concatenate(self._whole),
            bounds=Bounds(*self.column_limits),
            constraints=LinearConstraint(self.matrix(), *self.row_limits),
            options={"time_limit": time_s, "mip_rel_gap": gap},
        )
        if found.x is None:
            state: Literal["infeasible", "out_of_time"] = "out_of_time" if found.status == _LIMIT else "infeasible"
            return Solution(state, np.zeros(self.columns), np.inf, np.inf)
        bound = found.mip_dual_bound if found.mip_dual_bound is not None else found.fun
        return Solution("optimal" if found.status == _OPTIMAL else "feasible", found.x, float(found.fun), float(bound))


@dataclass(frozen=True)
class Columns:
    """Where things stand. y: (n,) open; x: (s, lanes) shares; facility and customer of each lane.

    Rows: served (s, m), within (s, n), and those of the limits that there are, by family.
    """

    y: NDArray[np.int64]
    x: NDArray[np.int64]
    facility: NDArray[np.int64]
    customer: NDArray[np.int64]
    served: list[NDArray[np.int64]] = field(default_factory=list)
    within: list[NDArray[np.int64]] = field(default_factory=list)
    limits: dict[str, int] = field(default_factory=dict)


def lanes_of(network: Network) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(facility, customer) of every lane there is."""
    facility, customer = np.nonzero(np.isfinite(network.unit_cost))
    return facility.astype(np.int64), customer.astype(np.int64)


def programme(
    network: Network, without: Collection[Requirement] = (), *, is_elastic: bool = False
) -> tuple[Programme, Columns]:
    """The programme of a network, leaving out the requirements in `without`; slacks can be put in when it is elastic."""
    dropped = frozenset(without)
    built = Programme()
    columns = _columns(built, network, dropped)
    _serve(built, network, columns, dropped)
    _stay_within(built, network, columns, dropped)
    _limit(built, network, columns, dropped)
    if not is_elastic and not any(each.family in ("demand", "capacity") for each in dropped):
        _suffice(built, network, columns)
    return built, columns


def _columns(built: Programme, network: Network, dropped: frozenset[Requirement]) -> Columns:
    facility, customer = lanes_of(network)
    closed = [each.state == "closed" and Requirement("closed", each.name) not in dropped for each in network.facilities]
    settled_open = [each.state == "open" for each in network.facilities]
    y = built.add_columns(
        network.fixed_costs,
        1.0 - np.array(closed, dtype=float),
        is_whole=True,
        lower=np.array(settled_open, dtype=float),
    )
    is_whole = network.is_single_source and Requirement("single_source") not in dropped
    unit = network.unit_cost[facility, customer]
    x = [
        built.add_columns(chance * unit * demand[customer], np.ones(len(facility)), is_whole=is_whole)
        for chance, demand in zip(network.probabilities, network.demands, strict=True)
    ]
    return Columns(y, np.array(x, dtype=np.int64).reshape(len(network.probabilities), len(facility)), facility, customer)


def _serve(built: Programme, network: Network, at: Columns, dropped: frozenset[Requirement]) -> None:
    """Each demand in whole."""
    least = np.array([0.0 if Requirement("demand", name) in dropped else 1.0 for name in network.customers])
    for scenario in range(len(network.probabilities)):
        needed = np.where(network.demands[scenario] > 0, least, 0.0)
        rows = built.add_rows(needed, np.ones(len(network.customers)))
        at.served.append(rows)
        built.put(rows[at.customer], at.x[scenario], 1.0)


def _stay_within(built: Programme, network: Network, at: Columns, dropped: frozenset[Requirement]) -> None:
    """Nothing from a closed facility, no more than its capacity from an open one."""
    unlimited = [Requirement("capacity", each.name) in dropped for each in network.facilities]
    total = float(network.demands.sum(axis=1).max(initial=0.0))
    capacities = np.where(unlimited, total, network.capacities)
    n = len(network.facilities)
    for scenario, demand in enumerate(network.demands):
        rows = built.add_rows(np.full(n, -np.inf), np.zeros(n))
        at.within.append(rows)
        built.put(rows[at.facility], at.x[scenario], demand[at.customer])
        built.put(rows, at.y, -capacities)
        links = built.add_rows(np.full(len(at.facility), -np.inf), np.zeros(len(at.facility)))
        built.put(links, at.x[scenario], 1.0)
        built.put(links, at.y[at.facility], -1.0)


def _suffice(built: Programme, network: Network, at: Columns) -> None:
    """What follows from the rest and is not seen by the relaxation: enough capacity, hence enough facilities, are open."""
    most = float(network.demands.sum(axis=1).max(initial=0.0))
    largest = np.cumsum(np.sort(network.capacities)[::-1])
    fewest = int(np.searchsorted(largest, most * (1 - ROUNDING))) + 1 if most > 0 else 0
    if fewest <= len(at.y):
        rows = built.add_rows(np.array([most * (1 - ROUNDING), float(fewest)]), np.full(2, np.inf))
        built.put(np.full(len(at.y), rows[0]), at.y, network.capacities)
        built.put(np.full(len(at.y), rows[1]), at.y, 1.0)


def _limit(built: Programme, network: Network, at: Columns, dropped: frozenset[Requirement]) -> None:
    """Not too many open, not too dear."""
    for family, most, weights in (
        ("most_open", network.most_open, np.ones(len(at.y))),
        ("budget", network.budget, network.fixed_costs),
    ):
        if most is not None and not any(each.family == family for each in dropped):
            row = built.add_rows(np.array([-np.inf]), np.array([float(most)]))
            at.limits[family] = int(row[0])
            built.put(np.full(len(at.y), row[0]), at.y, weights)
