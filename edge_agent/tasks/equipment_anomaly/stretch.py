"""The last minute of raw readings, kept as the evidence of an anomaly."""

from datetime import UTC, datetime, timedelta

import numpy as np
from msgspec import Struct

from edge_agent.tasks.equipment_anomaly.arrays import Array, Places, single
from protocols.messages.evidence import Stretch, StretchChannel

KEPT_S = 60.0
MOST_CELLS = 2_400  # rows x channels: some 30 kB of JSON, under the limit of one evidence message
DIGITS = 6


class Recorder(Struct, array_like=True):
    """The newest rows: `times_s` (n,) since 1970, `rows` (n, p) in short numbers; the first `used` are filled."""

    times_s: Array
    rows: Array
    used: int = 0


def recorder(channels: int) -> Recorder:
    """Nothing recorded yet."""
    return Recorder(np.zeros(0), np.zeros((0, channels)))


def record(kept: Recorder, at: datetime, values: Array) -> None:
    """Keep a reading and let go of what is older than a minute, or of what came before the clock was set back."""
    if kept.used == len(kept.times_s):
        _make_room(kept, at.timestamp())
    kept.times_s[kept.used] = at.timestamp()
    kept.rows[kept.used] = single(values)
    kept.used += 1


def stretch(kept: Recorder, asset: str, channels: list[str], units: dict[str, str]) -> Stretch | None:
    """What was recorded, as evidence; None when that is nothing."""
    if kept.used == 0:
        return None
    recent = _recent(kept, float(kept.times_s[kept.used - 1]))
    times_s, rows = kept.times_s[recent], kept.rows[recent]
    first_s = float(times_s.min())
    return Stretch(
        asset=asset,
        started_at=datetime.fromtimestamp(0, UTC) + timedelta(seconds=first_s),
        times_s=[round(float(time_s) - first_s, 3) for time_s in times_s],
        channels=[
            StretchChannel(channel=name, unit=units[name], values=[_short(float(value)) for value in rows[:, place]])
            for place, name in enumerate(channels)
        ],
    )


def trimmed(kept: Recorder) -> Recorder:
    """Only what would be told, for the disk."""
    if kept.used == 0:
        return recorder(kept.rows.shape[1])
    recent = _recent(kept, float(kept.times_s[kept.used - 1]))
    return Recorder(kept.times_s[recent], kept.rows[recent], len(recent))


def _recent(kept: Recorder, now_s: float) -> Places:
    """Places of the rows of the last minute, at most as many as fit."""
    times_s = kept.times_s[: kept.used]
    places = np.flatnonzero((times_s >= now_s - KEPT_S) & (times_s <= now_s))
    return places[-max(1, MOST_CELLS // max(1, kept.rows.shape[1])) :]


def _make_room(kept: Recorder, now_s: float) -> None:
    """Move the last minute to the front of twice the room that it needs."""
    recent = _recent(kept, now_s) if kept.used else np.zeros(0, dtype=np.intp)
    times_s, rows = kept.times_s[recent], kept.rows[recent]
    room = max(32, len(recent))
    kept.times_s = np.concatenate([times_s, np.zeros(room)])
    kept.rows = np.vstack([rows, np.zeros((room, kept.rows.shape[1]))])
    kept.used = len(recent)


def _short(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
