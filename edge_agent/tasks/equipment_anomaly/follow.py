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
ROAM_S = 10_800.0  # in which a hall goes as far as it ever does
SLACK = 1.0  # of the reach
DRIFT_LIMIT, MOST = 30.0, 36.0  # windows beyond the slack, a width each at most: when it speaks, and what is remembered


class Cusum(Struct, array_like=True):
    """`sums` (2, p): what has added up above and below, in widths times windows."""

    sums: Array


@dataclass(frozen=True)
class Pace:
    """What does not change from window to window, (p,) in spreads: under which stray a level follows, and how fast at most;
    for the CUSUM the slack, and what a stray above (+) and below (-) counts, (2, p)."""

    quiet: Array
    fastest: Array
    slowest: Array
    least: Array
    counted: Array
    slack: Array


def pace(normal: Normal, limit: float, share: float, window_s: float) -> Pace:
    """`limit` in widths; `share`: of a full window that one is; `window_s`: how long it lasts."""
    fastest = np.maximum(FASTEST * share * normal.width, normal.roam * window_s / ROAM_S)
    per_width = normal.weight / normal.width
    counted = np.vstack([per_width, -per_width])
    return Pace(QUIET * limit * normal.width, fastest, -fastest, -normal.reach, counted, SLACK * normal.reach * per_width)


def follow(normal: Normal, mean: Array, known: Pace) -> None:
    """Move towards the mean (p,) of the last window, where it is quiet; never beyond `reach`."""
    stray = mean - normal.location
    step = normal.rate * stray * (np.abs(stray) < known.quiet)
    moved = normal.location + np.minimum(np.maximum(step, known.slowest), known.fastest)
    normal.location = np.minimum(np.maximum(moved, known.least), normal.reach)


def add_up(cusum: Cusum, known: Pace, mean: Array, windows: float) -> float:
    """One more block, `windows` long, has gone by at the mean (p,). Gives the ratio of the largest sum to its limit.

    Where a block lies within the slack the sum is halved each window: a repaired machine is soon well.
    """
    more = windows * np.minimum(1.0, known.counted * mean - known.slack)
    cusum.sums = np.where(more > 0, np.minimum(MOST, cusum.sums + more), 0.5**windows * cusum.sums)
    return float(np.maximum.reduce(cusum.sums, axis=None)) / DRIFT_LIMIT


def is_beyond(normal: Normal, mean: Array) -> bool:
    """Whether any channel lies further from its commissioned level than what may be followed."""
    return bool((np.abs(mean) > SLACK * normal.reach).any())
