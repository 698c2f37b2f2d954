"""Which rows are set aside together when a model is judged on data that it was not fitted on. Pure, by seed."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.intp]


def stratified(labels: Ints, parts: int, seed: int) -> Ints:
    """A fold 0..parts-1 for each row, (n,), so that each label is spread evenly over the folds."""
    rng = np.random.default_rng(seed)
    fold = np.empty(len(labels), dtype=np.intp)
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        fold[rows] = (np.arange(len(rows)) + rng.integers(parts)) % parts
    return fold


def grouped(group: Ints, parts: int, seed: int) -> Ints:
    """A fold for each row, (n,), so that no group is in two: neighbours in time must not be on both sides."""
    names, of_row = np.unique(group, return_inverse=True)
    fold = np.empty(len(names), dtype=np.intp)
    fold[np.random.default_rng(seed).permutation(len(names))] = np.arange(len(names)) % parts
    return fold[of_row]
