"""Tables out, as CSV or XLSX. No cell is ever taken for a formula by the program that opens it."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from io import BytesIO, StringIO
from itertools import chain

import xlsxwriter

from central.spreadsheets.table import Cell

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BOM = "\ufeff"  # Excel takes a CSV without it for the local code page


def safe(cell: Cell) -> Cell:
    """The cell, with an apostrophe before a text that a spreadsheet would run; numbers, days and truths as they are."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_BEGINS_A_FORMULA):
        return f"'{cell}"
    return cell.isoformat() if isinstance(cell, (date, datetime)) else cell


_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\]")  # Excel's rule for the name of a sheet


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The table as CSV, a line at a time, beginning with the mark by which Excel knows UTF-8."""
    line = StringIO()
    writer = csv.writer(line)
    line.write(_BOM)
    for row in chain([headings], rows):
        writer.writerow([safe(cell) for cell in row])
        yield _taken(line)


def xlsx_bytes(name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]], notes: Sequence[str] = ()) -> bytes:
    """The table as a workbook of one sheet; `notes` stand as comments at the headings."""
    file = BytesIO()
    options = {"constant_memory": True, "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet(_NOT_IN_A_NAME.sub(" ", name)[:31])
        bold, as_day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        for at, heading in enumerate(headings):
            sheet.write_string(0, at, heading, bold)
            if at < len(notes) and notes[at]:
                sheet.write_comment(0, at, notes[at])
        for number, row in enumerate(rows, start=1):
            for at, cell in enumerate(row):
                if isinstance(cell, (date, datetime)):
                    sheet.write_datetime(number, at, cell, as_day)
                elif isinstance(cell, str):
                    sheet.write_string(number, at, cell)
                elif cell is not None:
                    sheet.write(number, at, cell)
    return file.getvalue()


def _taken(line: StringIO) -> str:
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text
