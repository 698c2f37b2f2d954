"""CSV in: the encoding and the delimiter are found out, never guessed from the first page alone."""

import codecs
import csv
from collections.abc import Generator, Iterator
from pathlib import Path

from central.errors import SpreadsheetError
from central.spreadsheets.table import Row, Table, fitted

DELIMITERS = (",", ";", "\t", "|")
MOST_COLUMNS = 200
_BLOCK_BYTES = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def opened(path: Path) -> Table:
    """The table in a CSV file. Raises SpreadsheetError when it is no text, or has no headings."""
    encoding = _encoding(path)
    delimiter = _delimiter(path, encoding)
    lines = _lines(path, encoding, delimiter)
    headings = next((cells for _, cells in lines if any(cell.strip() for cell in cells)), None)
    lines.close()
    if headings is None:
        raise SpreadsheetError(f"{path.name} is empty: its first row must hold the headings")
    if len(headings) > MOST_COLUMNS:
        raise SpreadsheetError(
            f"{path.name} has {len(headings)} columns: is the delimiter right? {MOST_COLUMNS} is the most"
        )

    def rows() -> Iterator[Row]:
        body = _lines(path, encoding, delimiter)
        is_heading = True
        for number, cells in body:
            if not any(cell.strip() for cell in cells):
                continue
            if is_heading:
                is_heading = False
                continue
            yield Row(number, fitted(list(cells), len(headings)))

    return Table(tuple(headings), rows, _expected_rows(path), delimiter, encoding)


def _lines(path: Path, encoding: str, delimiter: str) -> Generator[tuple[int, list[str]]]:
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        number = 0
        try:
            for number, cells in enumerate(reader, start=1):
                yield number, cells
        except csv.Error as error:
            raise SpreadsheetError(f"{path.name}, row {number + 1}: {error}; is a quotation mark left open?") from error


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(_BLOCK_BYTES)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return _checked(path, encoding)
    if b"\0" in start:
        raise SpreadsheetError(f"{path.name} is no text: save it as CSV (UTF-8) or as XLSX")
    for encoding in ("utf-8", "gb18030"):
        if _reads_as(path, encoding):
            return encoding
    raise SpreadsheetError(f"{path.name} is in no encoding known here: save it as CSV in UTF-8")


def _checked(path: Path, encoding: str) -> str:
    if not _reads_as(path, encoding):
        raise SpreadsheetError(f"{path.name} says it is {encoding} and is not: save it as CSV in UTF-8")
    return encoding


def _reads_as(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def _delimiter(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="") as file:
        headings = next((line for line in file if line.strip()), "")
    outside = "".join(headings.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _expected_rows(path: Path) -> int:
    with path.open("rb") as file:
        block = file.read(_BLOCK_BYTES)
    return max(round(path.stat().st_size / max(len(block), 1) * block.count(b"\n")), 1)
