"""Rows to learn from: many pasts, at each of which the rest of the history is played as if it were still to come."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from central.methods.forecasting.features import Rows, Sight, Window, outcomes_at, rows_at
from central.methods.forecasting.panel import Floats, Ints
from central.methods.forecasting.trees import Shape

LEVELS = (0.05, 0.1, 0.2, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95, 0.975, 0.99)
FEW_SERIES = 200


@dataclass(frozen=True)
class Settings:
    """How a forecast is made. rows: most rows that are learnt from; origins: most pasts looked back to.

    folds: global models, each without one fold of the series; memory: periods kept.
    least_known: a series with fewer known periods teaches nobody.
    """

    rows: int = 50_000
    origins: int = 16
    folds: int = 3
    memory: int = 730
    least_known: int = 8
    levels: tuple[float, ...] = LEVELS
    shape: Shape = field(default_factory=Shape)
    seed: int = 0


def folds_of(series: Ints, count: int, folds: int, seed: int) -> Ints:
    """Fold of each row: by series, or by time (rows come in order of origins) where series are too few to part."""
    if count < FEW_SERIES:
        return np.asarray(np.arange(len(series)) * folds // max(len(series), 1), dtype=np.intp)
    return np.asarray((np.random.default_rng(seed).permutation(count) % folds)[series])


def training_origins(periods: int, windows: Sequence[Window], settings: Settings) -> list[int]:
    """Origins to learn at, evenly spread over the later part of the past; the latest just leaves room for one window."""
    shortest = min(last for _, last in windows)
    first = max(settings.least_known, min(periods // 3, periods - shortest - settings.origins))
    latest = periods - shortest
    count = min(settings.origins, latest - first + 1)
    return sorted({int(one) for one in np.linspace(latest, first, max(count, 1)).round()})


def training_rows(
    sight: Sight, origins: Sequence[int], windows: Sequence[Window], settings: Settings
) -> tuple[Rows, Floats, Ints]:
    """Rows at the origins, what came (r,), and which series (r,); a random part of the series where there are many."""
    count = len(sight.panel.sales)
    rng = np.random.default_rng(settings.seed)
    each = max(20, settings.rows // (len(origins) * len(windows)))
    parts: list[tuple[Rows, Floats, Ints]] = []
    for origin in origins:
        some = np.sort(rng.choice(count, each, replace=False)) if each < count else np.arange(count)
        parts.append(_rows_of(sight.of(some), some, origin, windows, settings.least_known))
    whole = Rows(
        np.concatenate([rows.values for rows, _, _ in parts]),
        np.concatenate([rows.scale for rows, _, _ in parts]),
        np.concatenate([rows.members for rows, _, _ in parts], axis=1),
        np.concatenate([rows.restless for rows, _, _ in parts]),
    )
    return whole, np.concatenate([came for _, came, _ in parts]), np.concatenate([one for _, _, one in parts])


def _rows_of(
    sight: Sight, series: Ints, origin: int, windows: Sequence[Window], least_known: int
) -> tuple[Rows, Floats, Ints]:
    past = [window for window in windows if origin + window[1] <= sight.panel.periods]
    rows, came = rows_at(sight, origin, past), outcomes_at(sight.panel, origin, past)
    old = np.tile(np.isfinite(sight.panel.sales[:, :origin]).sum(1) >= least_known, len(past))
    good = old & np.isfinite(came)
    kept = Rows(rows.values[good], rows.scale[good], rows.members[:, good], rows.restless[good])
    return kept, came[good], np.tile(series, len(past))[good]
