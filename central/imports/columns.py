"""The columns of a kind of file, and how its headings are recognised in English and in Chinese."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from central.errors import SpreadsheetError
from central.imports.findings import Finding, Ruling
from central.spreadsheets import cells
from central.spreadsheets.cells import Conventions, Unreadable
from central.spreadsheets.table import Cell

Read = Callable[[Cell, Conventions], object]
Values = Mapping[str, object]
_BETWEEN_WORDS = re.compile(r"[\s_\-./()（）:：]+")


def words(cell: Cell, _how: Conventions) -> str:
    """A text."""
    return cells.text(cell)


def truth(cell: Cell, _how: Conventions) -> bool:
    """Yes or no."""
    return cells.truth(cell)


def whole(cell: Cell, how: Conventions) -> int:
    """A whole number."""
    return cells.whole(cell, how)


@dataclass(frozen=True)
class Column:
    """One column: its name, other headings for it, how a cell is read, what to write (a sentence) and an example of it."""

    name: str
    headings: tuple[str, ...]
    read: Read
    about: str
    example: Cell
    is_required: bool = False


@dataclass(frozen=True)
class Layout:
    """Which cell of a row belongs to which column; headings that nobody knows are left out and named."""

    places: Mapping[str, int]
    unknown: tuple[str, ...]


def layout(headings: Sequence[str], columns: Sequence[Column]) -> Layout:
    """How a file is laid out. Raises SpreadsheetError when a column is missing, or stands there twice."""
    by_heading = {_plain(heading): column.name for column in columns for heading in (column.name, *column.headings)}
    places: dict[str, int] = {}
    unknown: list[str] = []
    for at, heading in enumerate(headings):
        name = by_heading.get(_plain(heading))
        if name is None:
            unknown.append(heading)
        elif name in places:
            raise SpreadsheetError(
                f"column {name} stands there twice ({headings[places[name]]!r} and {heading!r}): keep one"
            )
        else:
            places[name] = at
    missing = [column.name for column in columns if column.is_required and column.name not in places]
    if missing:
        known = ", ".join(heading for heading in headings if heading)
        raise SpreadsheetError(f"there is no column {', '.join(missing)}; the headings are {known:.200}. Take the template")
    return Layout(places, tuple(heading for heading in unknown if heading.strip()))


def values(row: Sequence[Cell], columns: Sequence[Column], at: Layout, how: Conventions, ruling: Ruling) -> Values:
    """What stands in a row, by column; blank and unreadable cells are None, and what is wrong with them is refused."""
    read: dict[str, object] = {}
    for column in columns:
        place = at.places.get(column.name)
        cell = None if place is None else row[place]
        read[column.name] = None
        if cell is None:
            if column.is_required:
                ruling.refuse("missing", column.name)
            continue
        try:
            read[column.name] = column.read(cell, how)
        except Unreadable as error:
            ruling.faults.append(Finding(error.code, column.name, error.written))
    return read


def _plain(heading: str) -> str:
    return _BETWEEN_WORDS.sub("", unicodedata.normalize("NFKC", heading)).casefold()
