"""Once a step the level follows, slowly and within bounds; once a block slow wear is held against the commissioned level.

A channel follows only while it is quiet itself: not during its alarm, nor near one. The bound keeps wear from being learned
away; beyond most of it, the two-sided CUSUM (Page 1954) against the commissioned level, which never follows, adds up.
"""

from dataclasses import dataclass

import numpy as np
from msgspec import Struct

from edge_agent.tasks.equipment_anomaly.arrays import Array
from edge_agent.tasks.equipment_anomaly.normal import Normal

QUIET = 0.8  # of the limit
FASTEST = 0.02  # widths a window: what moves faster is no season, no hall, no wear
SLACK = 1.0  # of the reach
DRIFT_LIMIT, MOST = 30.0, 36.0  # windows beyond the slack, a width each at most: when it speaks, and what is remembered


class Cusum(Struct, array_like=True):
    """`sums` (2, p): what has added up above and below, in widths times windows."""

    sums: Array


@dataclass(frozen=True)
class Pace:
    """What following costs nothing to know: (p,) in spreads, for the present limit and length of a window."""

    quiet: Array
    fastest: Array


def pace(normal: Normal, limit: float, share: float) -> Pace:
    """`limit` in widths; `share`: of a full window that one is."""
    return Pace(QUIET * limit * normal.width, FASTEST * share * normal.width)


def follow(normal: Normal, mean: Array, known: Pace) -> None:
    """Move towards the mean (p,) of the last window, where it is quiet; never beyond `reach`."""
    stray = mean - normal.location
    step = np.where(np.abs(stray) < known.quiet, normal.rate * stray, 0.0)
    moved = normal.location + np.minimum(np.maximum(step, -known.fastest), known.fastest)
    normal.location = np.minimum(np.maximum(moved, -normal.reach), normal.reach)


def add_up(cusum: Cusum, normal: Normal, mean: Array, windows: float) -> float:
    """One more block, `windows` long, has gone by at the mean (p,). Gives the ratio of the largest sum to its limit.

    Where a block lies within the slack the sum is halved each window: a repaired machine is soon well.
    """
    slack = SLACK * normal.reach
    more = windows * np.minimum(1.0, (normal.weight / normal.width) * (np.array([mean, -mean]) - slack))
    cusum.sums = np.where(more > 0, np.minimum(MOST, cusum.sums + more), 0.5**windows * cusum.sums)
    return float(cusum.sums.max()) / DRIFT_LIMIT


def is_beyond(normal: Normal, mean: Array) -> bool:
    """Whether any channel lies further from its commissioned level than what may be followed."""
    return bool((np.abs(mean) > SLACK * normal.reach).any())
