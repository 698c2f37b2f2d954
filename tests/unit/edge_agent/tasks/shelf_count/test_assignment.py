"""Pairs of least cost are the ones that an independent solver finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from edge_agent.tasks.shelf_count.assignment import pairs

tables = arrays(
    np.float64, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=9), elements=st.floats(-1, 1, width=32)
)


@given(tables)
def test_the_sum_is_the_least_and_nothing_is_paired_twice(costs: NDArray[np.float64]) -> None:
    """The same total as SciPy's solver, with as many pairs as the shorter side."""
    found = pairs(costs)
    assert len(found) == min(costs.shape)
    for side in zip(*found, strict=True):
        assert len(set(side)) == len(found)
    best = costs[linear_sum_assignment(costs)].sum()
    assert sum(costs[pair] for pair in found) == pytest.approx(best, abs=1e-9)


def test_the_best_single_pair_is_given_up_for_a_better_whole() -> None:
    """Greedy would take 9 and be left with 0; optimal is 8 and 8."""
    assert pairs(-np.array([[9.0, 8.0], [8.0, 0.0]])) == [(0, 1), (1, 0)]
