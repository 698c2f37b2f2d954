"""What kind of series each is: the way its forecast is made, and what a planner reads beside it.

Method: Syntetos, Boylan and Croston (2005): mean interval 1.32 and squared variation of sizes 0.49 part four kinds.
"""

from enum import IntEnum

import numpy as np

from central.methods.forecasting.intermittent import mean_interval
from central.methods.forecasting.panel import Floats, Ints, Panel

INTERVAL = 1.32
VARIATION = 0.49
NEW_BELOW = 8
DEAD_AFTER = 26
PROMOTED_FROM = 0.1


class Kind(IntEnum):
    """new: fewer than eight known periods; dead: nothing sold for long; promoted: a tenth of the periods or more."""

    NEW = 0
    DEAD = 1
    INTERMITTENT = 2
    LUMPY = 3
    PROMOTED = 4
    ERRATIC = 5
    SMOOTH = 6


def kinds(panel: Panel) -> Ints:
    """(n,) of `Kind`."""
    sales = panel.sales
    interval, variation = mean_interval(sales), size_variation(sales)
    rare, wild = interval > INTERVAL, variation > VARIATION
    kind = np.select([rare & wild, rare, wild], [Kind.LUMPY, Kind.INTERMITTENT, Kind.ERRATIC], Kind.SMOOTH)
    kind = np.where(~rare & (promotion_share(panel) >= PROMOTED_FROM), Kind.PROMOTED, kind)
    recent = sales[:, -max(DEAD_AFTER, 2 * min(panel.season, DEAD_AFTER)) :]
    long_gone = (np.nan_to_num(recent).sum(1) <= 0) & (np.isfinite(recent).sum(1) >= DEAD_AFTER)
    kind = np.where(long_gone, Kind.DEAD, kind)
    return np.where(np.isfinite(sales).sum(1) < NEW_BELOW, Kind.NEW, kind).astype(np.intp)


def size_variation(sales: Floats) -> Floats:
    """Squared coefficient of variation of the demands that are not zero, (n,)."""
    sold = np.nan_to_num(sales) > 0
    count = np.maximum(sold.sum(1), 1)
    mean = np.where(sold, sales, 0.0).sum(1) / count
    square = np.where(sold, (np.nan_to_num(sales) - mean[:, None]) ** 2, 0.0).sum(1) / count
    return np.asarray(square / np.maximum(mean, 1e-9) ** 2)


def promotion_share(panel: Panel) -> Floats:
    """Share of known periods with a promotion input that is not zero, (n,)."""
    if panel.inputs is None or "promotion" not in panel.inputs.kinds:
        return np.zeros(len(panel.sales))
    columns = [place for place, kind in enumerate(panel.inputs.kinds) if kind == "promotion"]
    on = (panel.inputs.values[:, : panel.periods, columns] > 0).any(2)
    known = np.isfinite(panel.sales)
    return np.asarray((on & known).sum(1) / np.maximum(known.sum(1), 1))
