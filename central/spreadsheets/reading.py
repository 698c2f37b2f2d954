"""The one way in: a file becomes a table, whatever its kind."""

from pathlib import Path

from central.errors import SpreadsheetError
from central.spreadsheets import csv_files, xlsx_files
from central.spreadsheets.table import Table

MOST_BYTES = 200 * 2**20
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


def opened(path: Path) -> Table:
    """The table in a CSV or XLSX file, by what it holds and not by its name. Raises SpreadsheetError with the remedy."""
    size_bytes = path.stat().st_size
    if size_bytes > MOST_BYTES:
        raise SpreadsheetError(f"{path.name} has {size_bytes >> 20} MiB, {MOST_BYTES >> 20} is the most: send it in parts")
    with path.open("rb") as file:
        start = file.read(4)
    if start == _OLD_EXCEL:
        raise SpreadsheetError(f"{path.name} is an old or locked Excel file: save it as XLSX without a password, or as CSV")
    return xlsx_files.opened(path) if start == _ZIP else csv_files.opened(path)
