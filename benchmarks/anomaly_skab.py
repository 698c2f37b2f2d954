"""SKAB (Katser and Kozitsin 2020): its files, its protocol (first 400 rows of a file are training), and simple peers.

Outliers: F1 and false-alarm rate pooled over all rows after the first 400. Change points: the NAB score with a window of
60 s to the right of each. More than half of the rows are labelled anomalous and faults start near one row, so what knows
nothing of the data scores well: `always`, a metronome and a clock stand beside as a warning.
"""

import csv
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from benchmarks.anomaly_detector import Flags, Numbers, Series
from benchmarks.datasets import files
from benchmarks.nab_scorer import STANDARD, Judged, Window, score

TRAIN_ROWS, WINDOW_S, PEER_WINDOW = 400, 60.0, 20
MOST_FALSE = 0.10
CLOCK_ROWS = (565, 970)  # between which most faults of the published files lie


@dataclass(frozen=True)
class Labelled:
    """A file; `anomalous` and `changes` are its two labels (n,)."""

    series: Series
    anomalous: Flags
    changes: Flags


@dataclass(frozen=True)
class Outliers:
    """Pooled over all test rows."""

    f1: float
    false_alarm_rate: float

    def told(self) -> str:
        """As it stands in a table."""
        return f"{self.f1:.3f} at {100 * self.false_alarm_rate:.1f} %"


def load(data: Path) -> list[Labelled]:
    """Every file with faults. Raises DataMissing."""
    paths = [path for path in files(data / "sensors" / "skab", "*/*.csv") if "anomaly-free" not in path.parts]
    return [_read(path) for path in paths]


def test_rows(labelled: Sequence[Labelled], flags: Sequence[Flags]) -> Outliers:
    """Of flags for every row of every file."""
    found = np.concatenate([each[TRAIN_ROWS:] for each in flags])
    true = np.concatenate([each.anomalous[TRAIN_ROWS:] for each in labelled])
    hits, false = int((found & true).sum()), int((found & ~true).sum())
    return Outliers(2 * hits / max(1, 2 * hits + false + int((true & ~found).sum())), false / max(1, int((~true).sum())))


def within_cap(labelled: Sequence[Labelled], scores: Sequence[Numbers], flagged: Callable[[Numbers], Flags]) -> Outliers:
    """The best F1 at the cap over all limits, one for all files, chosen on these very labels: kind to a peer."""
    tried = (test_rows(labelled, [flagged(each / limit) for each in scores]) for limit in np.geomspace(0.4, 6, 45))
    return max((each for each in tried if each.false_alarm_rate <= MOST_FALSE), key=lambda each: each.f1)


def change_points(labelled: Sequence[Labelled], alarms: Sequence[Flags]) -> tuple[float, float]:
    """NAB score of the test rows, and alarms an hour of them."""
    judged = [Judged(_windows(each), 0, flags[TRAIN_ROWS:]) for each, flags in zip(labelled, alarms, strict=True)]
    hours = sum(float(each.series.times_s[-1] - each.series.times_s[TRAIN_ROWS]) for each in labelled) / 3600
    return score(judged, STANDARD), float(sum(int(each.alarms.sum()) for each in judged)) / hours


def with_a_random_start(each: Labelled, seed: int) -> Labelled:
    """The file with a random stretch of its own first 400 (healthy) rows before it: row numbers mean nothing any more."""
    rng = random.Random(f"{seed} {len(each.anomalous)} {each.series.values[0].tolist()}")
    length = rng.randint(50, TRAIN_ROWS)
    first = rng.randint(0, TRAIN_ROWS - length)
    piece, step_s = slice(first, first + length), each.series.step_s
    series = each.series
    before_s = series.times_s[piece] - series.times_s[first + length - 1] - step_s
    quiet = np.zeros(length, dtype=bool)
    return Labelled(
        Series(
            series.name,
            np.concatenate([before_s, series.times_s]) - before_s[0],
            np.vstack([series.values[piece], series.values]),
            series.channels,
        ),
        np.concatenate([quiet, each.anomalous]),
        np.concatenate([quiet, each.changes]),
    )


def metronome(each: Labelled, period_s: float) -> Flags:
    """An alarm every so often, blind to the data."""
    rows = max(1, round(period_s / each.series.step_s))
    beats: Flags = np.arange(len(each.anomalous)) % rows == rows - 1
    return beats


def clock(each: Labelled) -> Flags:
    """Anomalous between two row numbers, blind to the data."""
    rows = np.arange(len(each.anomalous))
    flags: Flags = (rows >= CLOCK_ROWS[0]) & (rows < CLOCK_ROWS[1])
    return flags


def pca_residual(values: Numbers, components: int = 32) -> Numbers:
    """(n,) residual of windows of 20 centred rows off their main components, over the highest in training; 5-row median."""
    centred = values - values[:TRAIN_ROWS].mean(axis=0)
    shape = (len(centred) - PEER_WINDOW + 1, -1)
    windows = np.lib.stride_tricks.sliding_window_view(centred, PEER_WINDOW, axis=0).reshape(shape)
    windows = np.vstack([np.repeat(windows[:1], PEER_WINDOW - 1, axis=0), windows])
    training = windows[PEER_WINDOW - 1 : TRAIN_ROWS]
    mean = training.mean(axis=0)
    basis = np.linalg.svd(training - mean, full_matrices=False)[2][:components]
    off = windows - mean
    residual = _median_of_five(np.linalg.norm(off - (off @ basis.T) @ basis, axis=1))
    over: Numbers = residual / residual[PEER_WINDOW:TRAIN_ROWS].max()
    return over


def ewma(values: Numbers, weight: float = 0.1) -> Numbers:
    """(n,) length of the smoothed robust z of all channels, over the highest in training."""
    centre = np.median(values[:TRAIN_ROWS], axis=0)
    width = 1.4826 * np.median(np.abs(values[:TRAIN_ROWS] - centre), axis=0)
    z = (values - centre) / np.where(width > 0, width, values[:TRAIN_ROWS].std(axis=0) + 1e-9)
    smooth, lengths = np.zeros(values.shape[1]), np.zeros(len(values))
    for place, row in enumerate(z):
        smooth = smooth + weight * (row - smooth)
        lengths[place] = np.linalg.norm(smooth)
    over: Numbers = lengths / lengths[:TRAIN_ROWS].max()
    return over


def _median_of_five(values: Numbers) -> Numbers:
    padded = np.concatenate([np.repeat(values[:1], 4), values])
    middle: Numbers = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=-1)
    return middle


def _windows(each: Labelled) -> list[Window]:
    """60 s to the right of each change point after training, cut where the next begins."""
    times_s = each.series.times_s[TRAIN_ROWS:]
    points = [int(place) for place in np.flatnonzero(each.changes[TRAIN_ROWS:])]
    ends = [int(np.searchsorted(times_s, times_s[point] + WINDOW_S, side="right")) - 1 for point in points]
    following = [*points[1:], len(times_s)]
    return [(point, min(end, after - 1)) for point, end, after in zip(points, ends, following, strict=True)]


def _read(path: Path) -> Labelled:
    with path.open(newline="") as file:
        header, *rows = csv.reader(file, delimiter=";")
    times = [datetime.fromisoformat(row[0]) for row in rows]
    numbers = np.array([[float(cell) for cell in row[1:]] for row in rows])
    by_name = dict(zip(header[1:], numbers.T, strict=True))
    labels = by_name.pop("anomaly"), by_name.pop("changepoint")
    times_s = np.array([(time - times[0]).total_seconds() for time in times])
    series = Series(f"{path.parent.name}/{path.name}", times_s, np.column_stack(list(by_name.values())), list(by_name))
    return Labelled(series, labels[0] > 0.5, labels[1] > 0.5)
