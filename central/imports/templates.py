"""An empty file of a kind with its headings, one example row, and what each column holds."""

from collections.abc import Callable

from central.imports.kind import Kind
from central.spreadsheets import writing


def as_xlsx(kind: Kind, translated: Callable[[str], str] = str) -> bytes:
    """As a workbook: what to write in a column stands at its heading."""
    headings = [column.name for column in kind.columns]
    notes = [translated(column.about) for column in kind.columns]
    return writing.xlsx_bytes(translated(kind.title), headings, [[column.example for column in kind.columns]], notes)


def as_csv(kind: Kind) -> str:
    """As CSV: headings and an example."""
    return "".join(writing.csv_lines([c.name for c in kind.columns], [[c.example for c in kind.columns]]))
