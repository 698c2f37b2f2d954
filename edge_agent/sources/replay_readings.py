"""A CSV of machine channels, played back as readings."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from edge_agent.clock import DeviceClock
from edge_agent.errors import BadRecording, SourceEnded
from edge_agent.sample import Reading
from edge_agent.sources.pace import Pace
from edge_agent.sources.table import BadTable, Line, Table, examine, lines

_log = structlog.get_logger()


class ReadingReplay:
    """Plays the rows of a CSV. Raises BadRecording when the file is no table of channels."""

    def __init__(
        self,
        source_id: str,
        path: Path,
        asset: str,
        clock: DeviceClock,
        speed: float | None = None,
        interval_s: float = 1.0,
        exclude: Sequence[str] = (),
    ) -> None:
        self.dropped = 0
        self._source_id = source_id
        self._asset = asset
        self._interval_s = interval_s
        self._table = _examined(source_id, path, exclude)
        self._channels = tuple(column.channel for column in self._table.columns)
        self.refused = self._table.skipped_rows + sum(count for _, count in self._table.bad.values())
        self.total = self._table.rows
        self._lines = lines(self._table)
        self._index = 0
        self._next: Line | None = None
        last = self._table.last or self._untimed(self.total - 1)
        self._pace = Pace(clock, speed, self._table.first or self._untimed(0), last)
        _report(source_id, self._table)

    @property
    def units(self) -> Mapping[str, str]:
        """Channel → unit, where the header tells one."""
        return {column.channel: column.unit for column in self._table.columns if column.unit}

    def read(self, timeout_s: float) -> Reading | None:
        """The next row, when it is due."""
        line = self._next = self._next or next(self._lines, None)
        if line is None:
            raise SourceEnded(self._source_id, f"{self._index} rows of {self._table.path} played")
        recorded = line.at or self._untimed(self._index)
        if not self._pace.wait_until(recorded, timeout_s):
            return None
        self._next, self._index = None, self._index + 1
        stamp = self._pace.stamp(recorded)
        values = dict(zip(self._channels, line.values, strict=True))
        return Reading(self._source_id, stamp.at, stamp.monotonic_ms, stamp.clock, self._asset, values)

    def close(self) -> None:
        """Close the file."""
        self._pace.stop()
        self._lines = iter(())

    def _untimed(self, index: int) -> datetime:
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=index * self._interval_s)


def _examined(source_id: str, path: Path, exclude: Sequence[str]) -> Table:
    try:
        return examine(path, exclude)
    except BadTable as error:
        raise BadRecording(source_id, f"{path}: {error}") from error
    except OSError as error:
        raise BadRecording(source_id, f"{path}: {error.strerror}; check the path") from error


def _report(source_id: str, table: Table) -> None:
    channels = [column.channel for column in table.columns]
    _log.info("recording_opened", source=source_id, path=str(table.path), rows=table.rows, channels=channels)
    if table.left_out:
        _log.info("columns_left_out", source=source_id, columns=list(table.left_out), why="labels or no numbers")
    for channel, (row, count) in table.bad.items():
        _log.warning(
            "cells_not_numbers", source=source_id, channel=channel, first_row=row, count=count, remedy="kept as missing"
        )
    if table.skipped_rows:
        _log.warning("rows_without_time", source=source_id, count=table.skipped_rows)
