"""The Numenta Anomaly Benchmark: its series and windows, and simple peers under one limit for all series.

An alarm is what the product says once at the onset of an anomaly. Peers give a score for each row; rows at or beyond a limit
are their alarms, at most one within as many rows as the product's window, so that they are not fined for repeating one.
"""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import erfc, log10, sqrt
from pathlib import Path

import numpy as np

from benchmarks.anomaly_detector import Flags, Numbers, Series
from benchmarks.datasets import files
from benchmarks.nab_scorer import LOW_FALSE_ALARMS, STANDARD, Judged, Window, probation, score

QUIET_ROWS = 20
EMBEDDED, HISTORY, NEIGHBOURS = 19, 400, 27


@dataclass(frozen=True)
class Windowed:
    """A series and the windows of its anomalies."""

    series: Series
    windows: Sequence[Window]


@dataclass(frozen=True)
class NabScores:
    """Standard, and with false alarms at twice the cost."""

    standard: float
    low_false_alarms: float
    alarms: int

    def told(self) -> str:
        """As it stands in a table."""
        return f"{self.standard:.1f} / {self.low_false_alarms:.1f}, {self.alarms} alarms"


def load(data: Path) -> list[Windowed]:
    """Every series that is there, with its windows. Raises DataMissing."""
    folder = data / "sensors" / "nab"
    (labels,) = files(folder, "labels/combined_windows.json")
    windows = json.loads(labels.read_text())
    return [_read(path, windows[str(path.relative_to(folder / "data"))]) for path in files(folder / "data", "*/*.csv")]


def judged(all_series: Sequence[Windowed], alarms: Sequence[Flags]) -> NabScores:
    """The scores of alarms for every row of every series."""
    each = [Judged(one.windows, probation(len(flags)), flags) for one, flags in zip(all_series, alarms, strict=True)]
    given = sum(int(one.alarms[one.probation :].sum()) for one in each)
    return NabScores(score(each, STANDARD), score(each, LOW_FALSE_ALARMS), given)


def best_limit(all_series: Sequence[Windowed], scores: Sequence[Numbers], limits: Sequence[float]) -> NabScores:
    """The highest standard score over all limits, one for all series, chosen on these very windows: kind to a peer."""
    tried = (judged(all_series, [_once(each >= limit) for each in scores]) for limit in limits)
    return max(tried, key=lambda each: each.standard)


def metronome(all_series: Sequence[Windowed], period: int) -> NabScores:
    """An alarm every so many rows, blind to the data."""
    beats = [np.arange(len(each.series.values)) % period == period - 1 for each in all_series]
    return judged(all_series, beats)


def windowed_gaussian(values: Numbers, window: int = 6400, step: int = 100) -> Numbers:
    """(n,) minus log10 of the two-sided tail of a normal law fitted to the last `window` rows, renewed every `step`."""
    found = np.zeros(len(values))
    mean, width = float(values[:step].mean()), float(values[:step].std())
    for place, value in enumerate(values.tolist()):
        if place % step == 0 and place:
            past = values[max(0, place - window) : place]
            mean, width = float(past.mean()), float(past.std())
        found[place] = -log10(max(erfc(abs(value - mean) / max(width, 1e-6) / sqrt(2)), 1e-300))
    return found


def ewma(values: Numbers, weight: float = 0.1, memory: float = 0.005) -> Numbers:
    """(n,) distance of the smoothed value from a slow mean, in slow standard deviations."""
    fast = slow = float(values[0])
    variance, found = 0.0, np.zeros(len(values))
    for place, value in enumerate(values.tolist()):
        fast += weight * (value - fast)
        found[place] = abs(fast - slow) / sqrt(variance + 1e-9) if place > 1 / memory / 2 else 0.0
        variance += memory * ((value - slow) ** 2 - variance)
        slow += memory * (value - slow)
    return found


def nearest_neighbours(values: Numbers) -> Numbers:
    """(n,) conformal rank, 0 to 1, of the distance of the last 19 values to their 27 nearest in a training half among the
    distances of a calibrating half (after KNN-CAD, Burnaev and Ishimtsev 2016; Euclidean, halves of 400, renewed by 400)."""
    found = np.zeros(len(values))
    if len(values) < 2 * HISTORY + EMBEDDED:
        return found
    windows = np.lib.stride_tricks.sliding_window_view(values, EMBEDDED)
    for start in range(2 * HISTORY, len(windows), HISTORY):
        training, calibrating = windows[start - 2 * HISTORY : start - HISTORY], windows[start - HISTORY : start]
        usual = np.sort(_distance(calibrating, training))
        now = _distance(windows[start : start + HISTORY], training)
        ranks = np.searchsorted(usual, now) / HISTORY + np.minimum(1.0, now / max(float(usual[-1]), 1e-9) / 1e3)
        found[start + EMBEDDED - 1 : start + EMBEDDED - 1 + len(now)] = ranks
    return found


PEERS: dict[str, tuple[Callable[[Numbers], Numbers], Sequence[float]]] = {
    "windowed Gaussian": (windowed_gaussian, [float(limit) for limit in np.geomspace(1.5, 80, 30)]),
    "EWMA": (ewma, [float(limit) for limit in np.geomspace(0.8, 12, 30)]),
    "kNN-CAD-like": (nearest_neighbours, [float(limit) for limit in np.linspace(0.95, 1.01, 40)]),
}


def _distance(of: Numbers, to: Numbers) -> Numbers:
    squares = (of**2).sum(axis=1)[:, None] + (to**2).sum(axis=1) - 2 * of @ to.T
    nearest = np.partition(squares, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    mean: Numbers = np.sqrt(np.maximum(nearest, 0.0)).mean(axis=1)
    return mean


def _once(beyond: Flags) -> Flags:
    """The first of rows beyond a limit, and again after as many quiet rows as a window has."""
    alarms, last = np.zeros(len(beyond), dtype=bool), -QUIET_ROWS - 1
    for place in np.flatnonzero(beyond).tolist():
        alarms[place] = place - last > QUIET_ROWS
        last = place
    return alarms


def _read(path: Path, windows: Sequence[tuple[str, str]]) -> Windowed:
    with path.open(newline="") as file:
        _, *rows = csv.reader(file)
    times = [datetime.fromisoformat(row[0]) for row in rows]
    times_s = np.array([(time - times[0]).total_seconds() for time in times])
    places = {time: place for place, time in reversed(list(enumerate(times)))}
    found = [(places[datetime.fromisoformat(first)], places[datetime.fromisoformat(last)]) for first, last in windows]
    values = np.array([[float(row[1])] for row in rows])
    return Windowed(Series(f"{path.parent.name}/{path.name}", times_s, values, ["value"]), found)
