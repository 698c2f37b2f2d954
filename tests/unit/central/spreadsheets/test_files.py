"""Files as people make them: encodings, delimiters, workbooks, and archives that mean harm."""

import codecs
import csv
from datetime import date
from io import StringIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from central.errors import SpreadsheetError
from central.spreadsheets import reading, writing, xlsx_files
from central.spreadsheets.table import Cell, Table

TEXT = "品名;数量\r\n茶;3\r\n\r\n米;4\r\n"


def written(folder: Path, content: bytes, name: str = "file.csv") -> Table:
    """The table in a file of these bytes."""
    path = folder / name
    path.write_bytes(content)
    return reading.opened(path)


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("gb18030"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16", "utf-16 big", "gb18030"],
)
def test_a_csv_is_read_in_every_usual_encoding(tmp_path: Path, content: bytes) -> None:
    """What Excel in China and in Europe writes; blank lines count as lines but are no rows."""
    table = written(tmp_path, content)
    assert table.headings == ("品名", "数量")
    assert table.delimiter == ";"
    assert [(row.number, row.cells) for row in table.rows()] == [(2, ("茶", "3")), (4, ("米", "4"))]
    assert len(list(table.rows())) == 2, "a table is read as often as one likes"


def test_short_and_long_rows_fit_the_headings(tmp_path: Path) -> None:
    """Missing cells are nothing, those beyond the headings are left out."""
    table = written(tmp_path, b"a,b\n1\n1,2,3\n")
    assert [row.cells for row in table.rows()] == [("1", None), ("1", "2")]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"a,b\n\xff\xff\n", "encoding"),
        (b"a\0b\n", "no text"),
        (b"\xd0\xcf\x11\xe0old", "old or locked"),
        (b"PK\x03\x04nothing", "no XLSX"),
        (",".join("abcdefghij" * 30).encode(), "300 columns"),
    ],
)
def test_what_is_no_table_is_refused_with_the_remedy(tmp_path: Path, content: bytes, why: str) -> None:
    """Each says what to save it as."""
    with pytest.raises(SpreadsheetError, match=why):
        written(tmp_path, content)


def test_an_open_quotation_mark_names_its_row(tmp_path: Path) -> None:
    """The rest of the file would be one cell."""
    table = written(tmp_path, b'a,b\n1,2\n"3,4\n')
    with pytest.raises(SpreadsheetError, match="row 3"):
        list(table.rows())


def test_a_workbook_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Numbers, words, days; what looks like a formula stays a word."""
    rows: list[list[Cell]] = [["oat", 3, date(2026, 3, 4)], [None, None, None], ["=1+1", 2.5, None]]
    content = writing.xlsx_bytes("Sales", ["sku", "units", "day"], rows, ["the item"])
    table = written(tmp_path, content, "file.xlsx")
    assert table.headings == ("sku", "units", "day")
    assert [(row.number, row.cells) for row in table.rows()] == [
        (2, ("oat", 3, date(2026, 3, 4))),
        (4, ("=1+1", 2.5, None)),
    ]


def test_a_workbook_that_unpacks_to_a_flood_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the archive says of its sizes, the bytes are counted before anything is built of them."""
    monkeypatch.setattr(xlsx_files, "MOST_BYTES", 5 << 20)
    path = tmp_path / "bomb.xlsx"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (20 << 20))
    lie = path.read_bytes().replace((20 << 20).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    path.write_bytes(lie)
    with pytest.raises(SpreadsheetError, match="unpacks to more than"):
        reading.opened(path)


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    """A renamed archive."""
    path = tmp_path / "house.xlsx"
    with ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", b"hello")
    with pytest.raises(SpreadsheetError, match="cannot be read as XLSX"):
        reading.opened(path)


def test_a_csv_out_runs_nothing() -> None:
    """Texts that begin a formula get an apostrophe; negative numbers stay numbers."""
    lines = "".join(writing.csv_lines(["a", "b"], [["=cmd()", -3], ["+1", "x"], ["\t@x", "-2"]]))
    assert lines.startswith("\ufeffa,b\r\n")
    assert list(csv.reader(StringIO(lines[1:]))) == [["a", "b"], ["'=cmd()", "-3"], ["'+1", "x"], ["'\t@x", "'-2"]]


@given(st.text(max_size=20))
def test_no_text_goes_out_as_a_formula(words: str) -> None:
    """Law: no cell begins with a sign that a spreadsheet runs."""
    safe = writing.safe(words)
    assert not str(safe).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_two_cells_in_far_corners_end_neither_the_reader_nor_the_house(tmp_path: Path) -> None:
    """A small workbook that asks its reader for terabytes is refused by a sentence."""
    path = tmp_path / "corners.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "sku")
        sheet.write(2**20 - 1, 2**14 - 1, 1)
    with pytest.raises(SpreadsheetError, match="delete stray cells"):
        reading.opened(path)
