"""What a spreadsheet is to the rest of the house: headings and rows of cells, one at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

Cell = str | int | float | bool | date | datetime | None


@dataclass(frozen=True)
class Row:
    """One line. `number` is the one a person sees beside it (the headings are row 1); cells as long as the headings."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A file that was opened. `rows()` begins anew at each call; `delimiter` is None in a workbook.

    `size_bytes` and the row's `number` let a reader say how far it is; `expected_rows` is a guess from the file's size.
    """

    headings: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]
    expected_rows: int
    delimiter: str | None = None
    encoding: str | None = None


def fitted(cells: list[Cell], width: int) -> tuple[Cell, ...]:
    """As many cells as there are headings; blanks are None, what stands beyond the last heading is left out."""
    kept = [None if isinstance(cell, str) and not cell.strip() else cell for cell in cells[:width]]
    return tuple(kept + [None] * (width - len(kept)))
