"""A CSV of machine channels as it comes from historians and spreadsheets: any delimiter, a header, perhaps a time column.

Cells that are no number become None; they are counted, with the row in which each column's first one stands.
"""

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

LABEL_COLUMNS = ("anomaly", "changepoint", "is_anomaly", "label", "target")
_TIME_NAMES = ("datetime", "timestamp", "time", "date", "ts", "时间")
_MISSING = {"", "na", "n/a", "nan", "null", "none", "-"}
_DELIMITERS = ",;\t|"
_UNIT = re.compile(r"^(?P<name>.*?)\s*[\[(](?P<unit>[^\])]{1,16})[\])]\s*$")
_MILLISECONDS_FROM = 1e11  # a number of seconds that large would be in the year 5138


class BadTable(Exception):
    """The file cannot be read as a table of channels; the message says why and what to do."""


@dataclass(frozen=True)
class Column:
    """One channel: where it stands, its name on the wire and its unit ('' when the header tells none)."""

    index: int
    channel: str
    unit: str


@dataclass(frozen=True)
class Line:
    """One data row: its number in the file, its time (None without time column) and a value for each column."""

    number: int
    at: datetime | None
    values: tuple[float | None, ...]
    bad: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """The layout of a file, found by reading it once. `bad`: channel → (row of its first bad cell, how many)."""

    path: Path
    encoding: str
    delimiter: str
    time_index: int | None
    columns: tuple[Column, ...]
    rows: int
    first: datetime | None
    last: datetime | None
    skipped_rows: int
    bad: dict[str, tuple[int, int]]
    left_out: tuple[str, ...]


def examine(path: Path, exclude: Sequence[str] = ()) -> Table:
    """The layout of `path`. Raises BadTable, OSError."""
    encoding = _encoding(path)
    header, sample = _head(path, encoding)
    delimiter = max(_DELIMITERS, key=header.count)
    try:
        names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter))]
        time_index = _time_index(names, next(csv.reader([sample], delimiter=delimiter), []))
    except csv.Error as error:
        raise BadTable(f"its first lines: {error}; correct or remove them") from error
    unwanted = {name.lower() for name in (*exclude, *LABEL_COLUMNS)}
    columns = tuple(
        Column(i, *channel_and_unit(name))
        for i, name in enumerate(names)
        if i != time_index and name.lower() not in unwanted
    )
    blank = Table(path, encoding, delimiter, time_index, columns, 0, None, None, 0, {}, ())
    return _surveyed(blank, names)


def lines(table: Table) -> Iterator[Line]:
    """The data rows in order; rows without a readable time are left out."""
    for number, cells in _rows(table):
        at = None if table.time_index is None else _moment(_cell(cells, table.time_index))
        if table.time_index is None or at is not None:
            values = [_number(_cell(cells, column.index), table.delimiter) for column in table.columns]
            bad = tuple(c.channel for c, value in zip(table.columns, values, strict=True) if value is _BAD)
            yield Line(number, at, tuple(None if value is _BAD else value for value in values), bad)


def channel_and_unit(header: str) -> tuple[str, str]:
    """The channel name and unit of a column header: 'Oil temp. [C]' → ('oil_temp', 'C')."""
    match = _UNIT.match(header)
    name, unit = (match["name"], match["unit"]) if match else (header, "")
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:48]
    if not plain:
        plain = "channel_" + "_".join(f"{ord(letter):x}" for letter in name)[:36]
    return (plain if plain[0].isalpha() else f"c_{plain}"[:48]), unit.strip()


_BAD = math.nan  # told apart by identity: a cell that holds something, but no number


def _surveyed(table: Table, names: list[str]) -> Table:
    rows, bad = 0, dict[str, tuple[int, int]]()
    good = dict.fromkeys((column.channel for column in table.columns), 0)
    first = last = None
    for line in lines(table):
        rows += 1
        first, last = first or line.at, line.at or last
        for channel in line.bad:
            bad[channel] = (bad.get(channel, (line.number, 0))[0], bad.get(channel, (0, 0))[1] + 1)
        for column, value in zip(table.columns, line.values, strict=True):
            good[column.channel] += value is not None
    read = sum(1 for _ in _rows(table))
    columns = tuple(column for column in table.columns if good[column.channel])
    if not rows or not columns:
        raise BadTable("no row holds a number; it needs a header line and rows of numbers, delimited by , ; | or tab")
    kept = {column.channel for column in columns}
    left_out = tuple(name for i, name in enumerate(names) if i not in {c.index for c in columns} | {table.time_index})
    shown = {channel: seen for channel, seen in bad.items() if channel in kept}
    return replace(
        table, columns=columns, rows=rows, first=first, last=last, skipped_rows=read - rows, bad=shown, left_out=left_out
    )


def _rows(table: Table) -> Iterator[tuple[int, list[str]]]:
    with table.path.open(encoding=table.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=table.delimiter)
        next(reader, None)
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, cells
        except csv.Error as error:
            raise BadTable(f"line {reader.line_num}: {error}; correct or remove that line") from error


def _encoding(path: Path) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding) as file:
                for _ in file:
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise BadTable("not text in UTF-8 or GB 18030; save it as CSV in UTF-8")


def _head(path: Path, encoding: str) -> tuple[str, str]:
    with path.open(encoding=encoding, newline="") as file:
        header, sample = file.readline().rstrip("\r\n"), file.readline().rstrip("\r\n")
    if "\0" in header or not header.strip():
        raise BadTable("no header line; the first line must name the columns")
    return header, sample


def _time_index(names: list[str], sample: list[str]) -> int | None:
    lowered = [name.lower() for name in names]
    for wanted in _TIME_NAMES:
        if wanted in lowered:
            return lowered.index(wanted)
    for i, cell in enumerate(sample[: len(names)]):
        if not _is_number(cell) and _moment(cell) is not None:
            return i
    return None


def _cell(cells: list[str], index: int) -> str:
    return cells[index].strip() if index < len(cells) else ""


def _number(cell: str, delimiter: str) -> float | None:
    if cell.lower() in _MISSING:
        return None
    text = cell.replace(",", ".") if delimiter != "," and cell.count(",") == 1 and "." not in cell else cell
    return float(text) if _is_number(text) else _BAD


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _moment(cell: str) -> datetime | None:
    try:
        if _is_number(cell):
            number = float(cell)
            return datetime.fromtimestamp(number / 1000 if abs(number) > _MILLISECONDS_FROM else number, UTC)
        moment = datetime.fromisoformat(cell.replace("/", "-"))
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
