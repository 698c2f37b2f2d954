"""Pairs of least total cost between two sorts of things: the Hungarian method with shortest paths (Kuhn; Jonker, Volgenant).

Optimal, not greedy: where two boxes overlap two facings, taking the best pair first may leave the other pair without.
"""

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.float64]


def pairs(costs: Costs) -> list[tuple[int, int]]:
    """min(n, m) pairs (row, column) of finite costs (n, m), each row and column at most once, of least sum; by row."""
    if not costs.size:
        return []
    if costs.shape[0] > costs.shape[1]:
        return sorted((row, column) for column, row in pairs(costs.T))
    rows, columns = costs.shape
    # Place 0 is the row that is waiting for a column; potentials keep every reduced cost at or above zero.
    row_price, column_price = np.zeros(rows + 1), np.zeros(columns + 1)
    row_of = np.zeros(columns + 1, dtype=np.int64)
    for row in range(1, rows + 1):
        row_of[0] = row
        _augment(costs, row_of, row_price, column_price)
    return sorted((int(row_of[column]) - 1, column - 1) for column in range(1, columns + 1) if row_of[column])


def _augment(costs: Costs, row_of: NDArray[np.int64], row_price: Costs, column_price: Costs) -> None:
    """Give the waiting row a column along the cheapest path of exchanges; changes its arguments."""
    columns = costs.shape[1]
    shortest, came_from = np.full(columns + 1, np.inf), np.zeros(columns + 1, dtype=np.int64)
    is_done = np.zeros(columns + 1, dtype=np.bool_)
    here = 0
    while row_of[here]:
        is_done[here] = True
        row = row_of[here]
        reduced = costs[row - 1] - row_price[row] - column_price[1:]
        better = ~is_done[1:] & (reduced < shortest[1:])
        shortest[1:][better], came_from[1:][better] = reduced[better], here
        there = int(np.where(is_done, np.inf, shortest)[1:].argmin()) + 1
        step = shortest[there]
        row_price[row_of[is_done]] += step
        column_price[is_done] -= step
        shortest[~is_done] -= step
        here = there
    while here:
        row_of[here] = row_of[came_from[here]]
        here = int(came_from[here])
