"""A line's hours as a table: what machines and cameras showed in each, and whether a part failed in the hour after. Pure.

A feature is named after what it was made from: 'press-1/temperature mean'. What a machine did not report is missing (NaN).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

HOUR = timedelta(hours=1)
FAILS, REVIEWS, WORST = "parts failed", "parts in doubt", "worst score over limit"


@dataclass(frozen=True)
class Channel:
    """One channel of a machine over an hour; `hour` is when it began."""

    hour: datetime
    machine: str
    channel: str
    mean: float | None
    highest: float | None


@dataclass(frozen=True)
class Minutes:
    """A machine's hour as its detector saw it: minutes it ran, highest anomaly score over its limit."""

    hour: datetime
    machine: str
    ran_min: float
    strain: float | None


@dataclass(frozen=True)
class Seen:
    """A part that a camera did not pass. over_limit: its score over the camera's threshold."""

    at: datetime
    is_failed: bool
    over_limit: float


@dataclass(frozen=True)
class Table:
    """hours: (n,); values: (n, p), NaN where missing; names: (p,); running: (n,) whether any machine ran; failed: (n,) parts
    that failed in that hour."""

    hours: tuple[datetime, ...]
    values: Floats
    names: tuple[str, ...]
    running: NDArray[np.bool_]
    failed: Ints


def table(channels: Iterable[Channel], minutes: Iterable[Minutes], seen: Iterable[Seen], start: datetime) -> Table:
    """One row for each hour in which a machine spoke, in order. `start` is where some hour begins: others follow from it."""
    cells: dict[datetime, dict[str, float]] = {}
    ran: dict[datetime, float] = {}
    for one in channels:
        row = cells.setdefault(one.hour, {})
        _put(row, f"{one.machine}/{one.channel} mean", one.mean)
        _put(row, f"{one.machine}/{one.channel} highest", one.highest)
    for minute in minutes:
        ran[minute.hour] = max(ran.get(minute.hour, 0.0), minute.ran_min)
        _put(cells.setdefault(minute.hour, {}), f"{minute.machine}/anomaly score over limit", minute.strain)
    parts: dict[datetime, list[Seen]] = {}
    for part in seen:
        parts.setdefault(start + HOUR * ((part.at - start) // HOUR), []).append(part)
    for hour, row in cells.items():
        row.update(_of_parts(parts.get(hour, ())))
    return _made(cells, ran, {hour: sum(part.is_failed for part in some) for hour, some in parts.items()})


def followed(whole: Table) -> tuple[Ints, Ints]:
    """Rows whose line ran in that hour and in the next, and how many parts failed in that next hour; both (m,)."""
    place = {hour: row for row, hour in enumerate(whole.hours)}
    pairs = [(row, place[hour + HOUR]) for hour, row in place.items() if hour + HOUR in place]
    kept = [(row, after) for row, after in pairs if whole.running[row] and whole.running[after]]
    rows = np.array([row for row, _ in kept], dtype=np.intp)
    return rows, whole.failed[np.array([after for _, after in kept], dtype=np.intp)]


def aligned(whole: Table, names: Sequence[str]) -> Floats:
    """The values under other names, (n, len(names)); what is not there is missing."""
    place = {name: column for column, name in enumerate(whole.names)}
    missing = np.full(len(whole.hours), np.nan)
    columns = [whole.values[:, place[name]] if name in place else missing for name in names]
    return np.column_stack(columns) if columns else np.empty((len(whole.hours), 0))


def _of_parts(parts: Sequence[Seen]) -> dict[str, float]:
    failed = sum(part.is_failed for part in parts)
    worst = max((part.over_limit for part in parts), default=0.0)
    return {FAILS: float(failed), REVIEWS: float(len(parts) - failed), WORST: worst}


def _put(row: dict[str, float], name: str, value: float | None) -> None:
    if value is not None:
        row[name] = value


def _made(
    cells: Mapping[datetime, Mapping[str, float]], ran: Mapping[datetime, float], failed: Mapping[datetime, int]
) -> Table:
    hours = tuple(sorted(cells))
    names = tuple(sorted({name for row in cells.values() for name in row}))
    values = np.array([[cells[hour].get(name, np.nan) for name in names] for hour in hours]).reshape(len(hours), len(names))
    running = np.array([ran.get(hour, 0.0) > 0 for hour in hours], dtype=np.bool_)
    return Table(hours, values, names, running, np.array([failed.get(hour, 0) for hour in hours], dtype=np.intp))
