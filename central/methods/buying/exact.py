"""The best plan of few needs by mixed-integer programming: one option a need, whole orders, one budget. Pure.

Solver: HiGHS by way of scipy (Huangfu & Hall 2018). It is stopped by a number of nodes, not by the clock, so that the same
problem has the same plan; a plan that it did not finish is used if it found one, with the bound it had reached.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse

from central.methods.buying.options import NOBODY, Floats, Ints, Options
from central.methods.buying.problem import Problem

MOST_NODES = 500
GAP = 1e-4


@dataclass(frozen=True)
class Solved:
    """The chosen rows, (needs,), and a cost that no plan is below."""

    chosen: Ints
    bound: float


def solved(problem: Problem, options: Options) -> Solved | None:
    """None where the solver found no plan within its nodes."""
    rows, names = len(options.need), len(options.names)
    suppliers = [problem.suppliers[name] for name in options.names]
    order_cost = np.array([each.order_cost for each in suppliers])
    cost = np.concatenate([options.cost, order_cost, np.zeros(names)])
    result = optimize.milp(
        cost,
        integrality=np.ones(rows + 2 * names, dtype=np.int64),
        bounds=optimize.Bounds(0, np.concatenate([np.ones(rows + names), np.full(names, np.inf)])),
        constraints=_rules(problem, options),
        options={"node_limit": MOST_NODES, "mip_rel_gap": GAP},
    )
    if result.x is None:
        return None
    bound = result.mip_dual_bound if result.mip_dual_bound is not None else result.fun
    return Solved(options.best(-np.asarray(result.x[:rows], dtype=np.float64)), float(bound))


def _rules(problem: Problem, options: Options) -> list[optimize.LinearConstraint]:
    rows, names = len(options.need), len(options.names)
    suppliers = [problem.suppliers[name] for name in options.names]
    mine = _of_suppliers(options, np.ones(rows))
    lines = np.asarray(mine.sum(1)).ravel()
    nothing = sparse.csr_matrix((names, names))
    value, volume = _of_suppliers(options, options.spend), _of_suppliers(options, options.volume)
    least = sparse.diags([each.least_value for each in suppliers])
    room = sparse.diags([each.container or float(volume.sum() + 1) for each in suppliers])
    filled = sparse.diags([(each.container or 0.0) * each.least_fill for each in suppliers])
    one = sparse.csr_matrix((np.ones(rows), (options.need, np.arange(rows))))
    blank = sparse.csr_matrix((one.shape[0], 2 * names))
    rules = [
        optimize.LinearConstraint(sparse.hstack([one, blank]), 1, 1),
        optimize.LinearConstraint(sparse.hstack([mine, -sparse.diags(lines), nothing]), -np.inf, 0),
        optimize.LinearConstraint(sparse.hstack([value, -least, nothing]), 0, np.inf),
        optimize.LinearConstraint(sparse.hstack([volume, nothing, -room]), -np.inf, 0),
        optimize.LinearConstraint(sparse.hstack([volume, nothing, -filled]), 0, np.inf),
    ]
    if problem.budget is not None:
        spend = np.concatenate([options.spend, np.zeros(2 * names)])
        rules.append(optimize.LinearConstraint(sparse.csr_matrix(spend), -np.inf, problem.budget))
    return rules


def _of_suppliers(options: Options, values: Floats) -> sparse.csr_matrix:
    """(suppliers, options): the values of each supplier's own options."""
    at = np.flatnonzero(options.supplier != NOBODY)
    shape = (len(options.names), len(options.need))
    return sparse.csr_matrix((values[at], (options.supplier[at], at)), shape=shape)
