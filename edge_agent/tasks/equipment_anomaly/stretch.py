"""The last minute of raw readings, kept as the evidence of an anomaly."""

from datetime import datetime, timedelta

from msgspec import Struct

from edge_agent.sample import Reading
from edge_agent.tasks.equipment_anomaly.features import usable
from protocols.messages.evidence import Stretch, StretchChannel

KEPT_S = 60.0
MOST_CELLS = 2_400  # rows x channels: some 30 kB of JSON, under the limit of one evidence message
DIGITS = 6


class Row(Struct, array_like=True):
    """One reading: when, and a value for each of the recorder's channels."""

    at: datetime
    values: list[float | None]


class Recorder(Struct):
    """The newest rows of `channels`, oldest first."""

    channels: list[str] = []
    rows: list[Row] = []


def record(recorder: Recorder, reading: Reading) -> None:
    """Keep a reading and let go of what is older than a minute, or of what came before the clock was set back."""
    recorder.rows.append(Row(reading.taken_at, [_short(reading.values.get(name)) for name in recorder.channels]))
    oldest, newest = reading.taken_at - timedelta(seconds=KEPT_S), reading.taken_at
    if recorder.rows[0].at < oldest or len(recorder.rows) * len(recorder.channels) > 2 * MOST_CELLS:
        recorder.rows = [row for row in recorder.rows if oldest <= row.at <= newest][-_most_rows(recorder) :]


def stretch(recorder: Recorder, asset: str, units: dict[str, str]) -> Stretch | None:
    """What was recorded, as evidence; None when that is nothing."""
    if not recorder.rows:
        return None
    rows = recorder.rows[-_most_rows(recorder) :]
    started_at = min(row.at for row in rows)
    return Stretch(
        asset=asset,
        started_at=started_at,
        times_s=[round((row.at - started_at).total_seconds(), 3) for row in rows],
        channels=[
            StretchChannel(channel=name, unit=units[name], values=[row.values[place] for row in rows])
            for place, name in enumerate(recorder.channels)
        ],
    )


def _most_rows(recorder: Recorder) -> int:
    return max(1, MOST_CELLS // max(1, len(recorder.channels)))


def _short(value: float | None) -> float | None:
    number = usable(value)
    return None if number is None else float(f"{number:.{DIGITS}g}")
