"""What happens once a step: the level follows, slowly and within bounds; slow wear is held against the commissioned level.

A channel follows only while it is quiet itself: not during its alarm, nor near one. The bound keeps wear from being learned
away; beyond most of it, the two-sided CUSUM (Page 1954) against the commissioned level, which never follows, adds up.
"""

import numpy as np
from msgspec import Struct

from edge_agent.tasks.equipment_anomaly.arrays import Array
from edge_agent.tasks.equipment_anomaly.normal import Normal

QUIET = 0.8  # of the limit
FASTEST = 0.02  # widths a window: what moves faster is no season, no hall, no wear
SLACK = 1.0  # of the reach
DRIFT_LIMIT, MOST = 10.0, 12.5  # widths times windows beyond the slack: when it speaks, and the most that is remembered


class Cusum(Struct):
    """(p,) each: what has added up above and below, in widths times windows."""

    upwards: Array
    downwards: Array


def follow(normal: Normal, mean: Array, limit: float, share: float) -> None:
    """Move towards the mean (p,) of the last window (`share` of a full one), where it is quiet; never beyond `reach`."""
    stray = mean - normal.location
    quiet = np.abs(stray) < QUIET * limit * normal.width
    step = np.where(quiet, normal.rate * stray, 0.0)
    fastest = FASTEST * share * normal.width
    moved = normal.location + np.minimum(np.maximum(step, -fastest), fastest)
    normal.location = np.minimum(np.maximum(moved, -normal.reach), normal.reach)


def add_up(cusum: Cusum, normal: Normal, mean: Array, share: float) -> float:
    """One more step; `share` of a full window that it is. Gives the ratio of the larger sum to its limit."""
    off, slack = mean / normal.width, SLACK * normal.reach / normal.width
    weight = share * normal.weight
    cusum.upwards = _added(cusum.upwards, weight * (off - slack))
    cusum.downwards = _added(cusum.downwards, weight * (-off - slack))
    return ratio(cusum)


def ratio(cusum: Cusum) -> float:
    """The larger sum over its limit."""
    return max(float(cusum.upwards.max(initial=0.0)), float(cusum.downwards.max(initial=0.0))) / DRIFT_LIMIT


def _added(total: Array, more: Array) -> Array:
    """Never below 0; halved where a window lies within the slack again: a repaired machine is soon well."""
    return np.where(more > 0, np.minimum(MOST, total + more), 0.5 * total)
