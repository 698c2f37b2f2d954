"""The score of the Numenta Anomaly Benchmark, from its paper (Lavin and Ahmad, ICMLA 2015) and its published definition.

Each window of an anomaly counts once, at its earliest detection, by a sigmoid that falls from its left edge to its right;
a missed window costs; a false alarm costs more the further it lies behind the last window. 0: nothing is ever detected, 100:
every window at its first row and no false alarm. Rows of the probation at the start of a series do not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, floor

import numpy as np

from benchmarks.anomaly_detector import Flags, Numbers

Window = tuple[int, int]  # first and last row
PROBATION_SHARE, PROBATION_OF_ROWS = 0.15, 5000
FAR_BEHIND = 3.0  # widths of the last window behind it: the full cost


@dataclass(frozen=True)
class Profile:
    """What a false alarm and a missed window cost, against 1 for a window found."""

    false_alarm: float
    missed: float


STANDARD, LOW_FALSE_ALARMS, LOW_MISSES = Profile(0.11, 1.0), Profile(0.22, 1.0), Profile(0.11, 2.0)


@dataclass(frozen=True)
class Judged:
    """A series: its windows, the rows that are its probation, and where alarms were given."""

    windows: Sequence[Window]
    probation: int
    alarms: Flags


def probation(rows: int) -> int:
    """Rows at the start of a series that are not scored."""
    return int(min(floor(PROBATION_SHARE * rows), PROBATION_SHARE * PROBATION_OF_ROWS))


def score(series: Sequence[Judged], profile: Profile) -> float:
    """Over all series together, 0 for silence, 100 for perfection."""
    windows = sum(window[1] >= each.probation for each in series for window in each.windows)
    raw = sum(_raw(each, profile) for each in series)
    silent, perfect = -profile.missed * windows, float(windows)
    return 100 * (raw - silent) / (perfect - silent)


def _raw(series: Judged, profile: Profile) -> float:
    values, owners = _values(len(series.alarms), series.windows)
    alarms = np.flatnonzero(series.alarms)
    alarms = alarms[alarms >= series.probation]
    total = profile.false_alarm * float(values[alarms[owners[alarms] < 0]].sum())
    for owner, window in enumerate(series.windows):
        if window[1] >= series.probation:
            hits = alarms[owners[alarms] == owner]
            total += float(values[hits].max()) if len(hits) else -profile.missed
    return total


def _values(rows: int, windows: Sequence[Window]) -> tuple[Numbers, Numbers]:
    """Of each row: what an alarm there is worth, and the window it lies in (-1: none)."""
    values, owners = np.full(rows, -1.0), np.full(rows, -1)
    for owner, (first, last) in enumerate(windows):
        width = last - first + 1
        following = windows[owner + 1][0] if owner + 1 < len(windows) else rows
        for row in range(first, last + 1):
            values[row], owners[row] = _sigmoid(-(last - row + 1) / width) / _sigmoid(-1.0), owner
        for row in range(last + 1, following):
            values[row] = _sigmoid((row - last) / max(width - 1, 1))
    return values, owners


def _sigmoid(position: float) -> float:
    return -1.0 if position >= FAR_BEHIND else 2 / (1 + exp(5 * position)) - 1
