"""Why a row is rated as it is: how far the log odds move when one feature is put back to what is usual. Pure.

Method: ablation against the median (Lei et al. 2018, LOCO, without refitting), scaled so that the parts add up to the whole
difference from the usual row. Features that say the same share their part unevenly: read the sum of such a family.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from central.methods.calibration import log_odds

Floats = NDArray[np.float64]


def contributions(probability: Callable[[Floats], Floats], row: Floats, usual: Floats) -> Floats:
    """The part of each feature in log odds, (p,), positive towards failing; they sum to row less usual.

    probability: (n, p) → (n,). row, usual: (p,).
    """
    put_back = np.tile(row, (len(row), 1))
    np.fill_diagonal(put_back, usual)
    said = log_odds(probability(np.vstack([row, usual, put_back])))
    parts: Floats = said[0] - said[2:]
    whole = said[0] - said[1]
    total = float(np.abs(parts).sum())
    if total == 0:
        return parts
    added_up: Floats = parts + (whole - parts.sum()) * np.abs(parts) / total
    return added_up
