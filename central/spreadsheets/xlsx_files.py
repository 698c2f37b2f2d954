"""XLSX in: the values of the first sheet that has any, never its formulas, after a look at what unpacking it would cost."""

import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from os import SEEK_CUR
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from central.errors import SpreadsheetError
from central.spreadsheets.csv_files import MOST_COLUMNS
from central.spreadsheets.probe import probe
from central.spreadsheets.table import Cell, Row, Table, fitted

MOST_BYTES = 400 * 2**20  # unpacked, all parts: a million rows of ten columns are about 300 MiB
MOST_PARTS = 2_000
_LOCAL_HEADER_BYTES = 30
_BLOCK_BYTES = 1 << 20
_Written = int | float | str | bool | time | date | datetime | timedelta


def opened(path: Path) -> Table:
    """The table in a workbook. Raises SpreadsheetError when it is none, is locked, or unpacks to too much."""
    _weigh(path)
    probe(path)
    sheet = _sheet(path)
    rows = iter(_numbered(sheet))
    found = next(((number, cells) for number, cells in rows if any(cell is not None for cell in cells)), None)
    if found is None:
        raise SpreadsheetError(f"{path.name} is empty: the first row of its sheet must hold the headings")
    heading_row, cells = found
    headings = tuple("" if cell is None else str(cell) for cell in cells)
    if len(headings) > MOST_COLUMNS:
        raise SpreadsheetError(f"{path.name} has {len(headings)} columns: {MOST_COLUMNS} is the most")

    def body() -> Iterator[Row]:
        for number, read in _numbered(sheet):
            if number > heading_row and any(cell is not None for cell in read):
                yield Row(number, fitted(read, len(headings)))

    return Table(headings, body, max(sheet.height - 1, 1))


def _sheet(path: Path) -> CalamineSheet:
    try:
        workbook = CalamineWorkbook.from_path(path)
        sheets = [workbook.get_sheet_by_name(name) for name in workbook.sheet_names]
    except CalamineError as error:
        raise SpreadsheetError(f"{path.name} cannot be read as XLSX ({error}): save it anew, without a password") from error
    filled = next((sheet for sheet in sheets if sheet.height), None)
    if filled is None:
        raise SpreadsheetError(f"{path.name} has no sheet with anything in it")
    return filled


def _numbered(sheet: CalamineSheet) -> Iterator[tuple[int, list[Cell]]]:
    """(row, cells), both counted from the first cell that holds anything in the columns, and as Excel numbers the rows."""
    first = (sheet.start or (0, 0))[0]
    for at, cells in enumerate(sheet.iter_rows(), start=first + 1):
        yield at, [_cell(cell) for cell in cells]


def _cell(written: _Written) -> Cell:
    if isinstance(written, str):
        return written if written.strip() else None
    if isinstance(written, (time, timedelta)):
        return str(written)
    return int(written) if isinstance(written, float) and written.is_integer() and abs(written) < 2**53 else written


def _weigh(path: Path) -> None:
    """Unpack every part in small bites and count: what an archive says of its sizes may be a lie."""
    try:
        with ZipFile(path) as archive, path.open("rb") as file:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise SpreadsheetError(f"{path.name} has {len(parts)} parts: {MOST_PARTS} is the most; save it anew")
            left = MOST_BYTES
            for part in parts:
                left -= _unpacked_bytes(file, part, path.name, left)
    except (BadZipFile, zlib.error) as error:
        raise SpreadsheetError(f"{path.name} is no XLSX: save it as XLSX or CSV") from error


def _unpacked_bytes(file: BinaryIO, part: ZipInfo, name: str, most: int) -> int:
    """Bytes of a part. Raises SpreadsheetError once they are more than `most`."""
    if part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise SpreadsheetError(f"{name} is packed in a way that Excel does not: save it anew")
    total = 0
    for size in _unpacked(file, part):
        total += size
        if total > most:
            raise SpreadsheetError(f"{name} unpacks to more than {MOST_BYTES >> 20} MiB: send it in parts, or as CSV")
    return total


def _unpacked(file: BinaryIO, part: ZipInfo) -> Iterator[int]:
    """Sizes of the bites, as they are unpacked."""
    file.seek(part.header_offset)
    header = file.read(_LOCAL_HEADER_BYTES)
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), SEEK_CUR)
    unpack, left = zlib.decompressobj(-zlib.MAX_WBITS), part.compress_size
    while left > 0 and (block := file.read(min(left, _BLOCK_BYTES))):
        left -= len(block)
        if part.compress_type == ZIP_STORED:
            yield len(block)
            continue
        while block:
            yield len(unpack.decompress(block, _BLOCK_BYTES))
            block = unpack.unconsumed_tail
