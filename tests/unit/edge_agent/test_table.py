"""CSV files as the world writes them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sources.table import BadTable, channel_and_unit, examine, lines


def table_of(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    """A file with that text."""
    path = folder / "table.csv"
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    """From the header."""
    text = delimiter.join(["time", "a", "b"]) + "\n" + delimiter.join(["2026-01-01 00:00:00", "1.5", "2"]) + "\n"
    table = examine(table_of(tmp_path, text))
    assert [line.values for line in lines(table)] == [(1.5, 2.0)]
    assert table.first == datetime(2026, 1, 1, tzinfo=UTC)


def test_text_among_numbers_is_missing_counted_and_named_by_its_row(tmp_path: Path) -> None:
    """Empty cells are simply missing; words are a complaint."""
    table = examine(table_of(tmp_path, "time,a,b\n2026-01-01,1,\n2026-01-02,oops,2\n2026-01-03,bad,NaN\n"))
    assert [line.values for line in lines(table)] == [(1.0, None), (None, 2.0), (None, None)]
    assert table.bad == {"a": (3, 2)}


def test_columns_without_a_number_and_labels_are_left_out(tmp_path: Path) -> None:
    """The answer must not be among the questions."""
    table = examine(table_of(tmp_path, "ts;a;operator;anomaly;secret\n0;1;Li;1;7\n1;2;Wang;0;8\n"), exclude=["secret"])
    assert [column.channel for column in table.columns] == ["a"]
    assert table.left_out == ("operator", "anomaly", "secret")


def test_decimal_commas_are_understood_where_they_cannot_be_delimiters(tmp_path: Path) -> None:
    """As European spreadsheets write them."""
    assert [line.values for line in lines(examine(table_of(tmp_path, "time;a\n0;1,5\n")))] == [(1.5,)]


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-03-01 15:44:06", datetime(2026, 3, 1, 15, 44, 6, tzinfo=UTC)),
        ("2026-03-01T15:44:06+08:00", datetime(2026, 3, 1, 7, 44, 6, tzinfo=UTC)),
        ("2026/03/01 15:44:06", datetime(2026, 3, 1, 15, 44, 6, tzinfo=UTC)),
        ("1772379846", datetime(2026, 3, 1, 15, 44, 6, tzinfo=UTC)),
        ("1772379846000", datetime(2026, 3, 1, 15, 44, 6, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_the_usual_forms(tmp_path: Path, cell: str, moment: datetime) -> None:
    """Without a zone they are UTC."""
    assert examine(table_of(tmp_path, f"timestamp,a\n{cell},1\n")).first == moment


def test_a_table_without_time_has_none_and_rows_without_time_are_skipped(tmp_path: Path) -> None:
    """Both are said."""
    assert examine(table_of(tmp_path, "a,b\n1,2\n3,4\n")).time_index is None
    skipping = examine(table_of(tmp_path, "time,a\n2026-01-01,1\nyesterday,2\n"))
    assert (skipping.rows, skipping.skipped_rows) == (1, 1)


def test_a_chinese_spreadsheet_in_gb18030_is_read(tmp_path: Path) -> None:
    """Headers become names the wire allows, each its own."""
    table = examine(table_of(tmp_path, "时间,振动(mm/s),温度[°C]\n2026-01-01 00:00:00,1.3,40\n", "gb18030"))
    assert table.encoding == "gb18030"
    assert [(column.channel, column.unit) for column in table.columns] == [
        ("channel_632f_52a8", "mm/s"),
        ("channel_6e29_5ea6", "°C"),
    ]


@pytest.mark.parametrize("text", ["", "\n", "a,b\n", "a,b\nx,y\n", "\0\0\0"])
def test_what_is_no_table_of_numbers_is_refused(tmp_path: Path, text: str) -> None:
    """With what it would have to be."""
    with pytest.raises(BadTable, match=r"header|number"):
        examine(table_of(tmp_path, text))


@given(st.text(max_size=80))
def test_every_header_becomes_a_channel_that_the_wire_allows(header: str) -> None:
    """Whatever people call their columns."""
    channel, _ = channel_and_unit(header)
    assert channel[0].isalpha()
    assert channel.isascii()
    assert len(channel) <= 48
    assert all(letter.islower() or letter.isdigit() or letter == "_" for letter in channel)


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"), max_size=8), max_size=4), max_size=8
    )
)
def test_any_rubbish_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    """Never another error."""
    path = table_of(tmp_path_factory.mktemp("t"), "\n".join(",".join(row) for row in rows))
    try:
        table = examine(path)
    except BadTable:
        return
    assert len(list(lines(table))) == table.rows
