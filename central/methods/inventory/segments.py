"""ABC by what items are worth, XYZ by how steady they sell: nine segments that targets are set for. Pure."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Worth = Literal["A", "B", "C"]
Steadiness = Literal["X", "Y", "Z"]

A_SHARE, B_SHARE = 0.8, 0.95  # of all value, the dearest first
X_VARIATION, Y_VARIATION = 0.5, 1.0  # coefficient of variation of weekly sales


def abc(value: Floats) -> list[Worth]:
    """A class an item, (n,): those that make up the first 80 % of value are A, the next 15 % B. Nothing sold is C."""
    order = np.argsort(-value, kind="stable")
    total = float(value.sum())
    before = np.empty(len(value))
    before[order] = np.cumsum(value[order]) - value[order]
    reached = before / total if total > 0 else np.ones(len(value))
    return [
        "C" if value[at] <= 0 or share >= B_SHARE else "B" if share >= A_SHARE else "A" for at, share in enumerate(reached)
    ]


def xyz(weekly: Floats) -> list[Steadiness]:
    """A class an item from its weekly sales, (n, weeks): steady X, swinging Y, now and then Z. Nothing sold is Z."""
    mean = weekly.mean(1)
    variation = np.divide(weekly.std(1), mean, out=np.full(len(mean), np.inf), where=mean > 0)
    return ["X" if each <= X_VARIATION else "Y" if each <= Y_VARIATION else "Z" for each in variation]


def segments(daily: Floats, unit_value: Floats) -> list[str]:
    """'AX' … 'CZ' for each item, from units a day (n, days) and what one unit is worth (n,)."""
    weeks = daily.shape[1] // 7
    weekly = daily[:, daily.shape[1] - weeks * 7 :].reshape(len(daily), weeks, 7).sum(2)
    return [worth + steadiness for worth, steadiness in zip(abc(daily.sum(1) * unit_value), xyz(weekly), strict=True)]
