"""What stands in a cell is read in one way, or refused."""

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.spreadsheets import cells
from central.spreadsheets.cells import Conventions, Unreadable
from central.spreadsheets.table import Cell

PLAIN = Conventions()
GERMAN = Conventions(delimiter=";")


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("12", 12.0),
        ("-3", -3.0),
        ("3-", -3.0),
        ("1,5", 1.5),
        ("1.234,56", 1234.56),
        ("1,234.56", 1234.56),
        ("1.234.567", 1234567.0),
        ("1 234,5", 1234.5),
        ("1'234.50", 1234.5),
        ("１２", 12.0),
        ("−4", -4.0),
        ("0.125", 0.125),
        ("1.250", 1.25),
        (7, 7.0),
    ],
)
def test_a_number_is_read_as_it_was_meant(written: Cell, means: float) -> None:
    """Points, commas, groups, full-width digits and a minus behind."""
    assert cells.number(written, PLAIN) == means


@pytest.mark.parametrize("written", ["1,234", "-12,500"])
def test_a_comma_that_could_be_either_is_refused(written: str) -> None:
    """A thousand or one and a bit: somebody must say."""
    with pytest.raises(Unreadable, match="ambiguous_number"):
        cells.number(written, PLAIN)
    assert cells.number("1,234", Conventions(decimal="comma")) == 1.234
    assert cells.number("1,234", Conventions(decimal="point")) == 1234


def test_between_semicolons_a_point_may_group() -> None:
    """Who separates by semicolons often writes decimal commas."""
    with pytest.raises(Unreadable, match="ambiguous_number"):
        cells.number("1.234", GERMAN)
    assert cells.number("1.25", GERMAN) == 1.25


@pytest.mark.parametrize("written", ["", None, "twelve", "1,23,456", "1.2.3,4", "nan", "inf", "1e5", "€ 3", "#N/A", True])
def test_what_is_no_number_is_refused(written: Cell) -> None:
    """Signs, words, truth values and Excel's own errors."""
    with pytest.raises(Unreadable, match="no_number"):
        cells.number(written, PLAIN)


def test_a_number_beyond_measure_is_refused() -> None:
    """Nothing is sold by the trillion."""
    for written in (1e13, float("nan"), "9" * 400):
        with pytest.raises(Unreadable, match="out_of_measure"):
            cells.number(written, PLAIN)


def test_a_formula_is_refused() -> None:
    """Values are imported, never what computes them."""
    for written in ("=A1*2", "@SUM(A1)"):
        with pytest.raises(Unreadable, match="formula"):
            cells.text(written)


def test_whole_units_are_whole() -> None:
    """2.5 packs are a question, 2.0 are two."""
    assert cells.whole("2.0", PLAIN) == 2
    with pytest.raises(Unreadable, match="fraction"):
        cells.whole("2.5", PLAIN)


@pytest.mark.parametrize(
    "written",
    ["2026-03-04", "2026/3/4", "20260304", "2026年3月4日", "4.3.2026", "2026-03-04 10:15", date(2026, 3, 4)],
)
def test_a_day_is_read_in_many_forms(written: Cell) -> None:
    """ISO, Chinese, German; a time beside it does not matter."""
    assert cells.day(written, PLAIN) == date(2026, 3, 4)


def test_a_day_that_could_be_two_is_refused() -> None:
    """3/4/2026 is April or March; 13/4 and 4/13 are one day only, and so is 5/5."""
    with pytest.raises(Unreadable, match="ambiguous_day"):
        cells.day("3/4/2026", PLAIN)
    assert cells.day("3/4/2026", Conventions(dates="day_first")) == date(2026, 4, 3)
    assert cells.day("3/4/2026", Conventions(dates="month_first")) == date(2026, 3, 4)
    assert cells.day("13/4/2026", PLAIN) == cells.day("4/13/2026", PLAIN) == date(2026, 4, 13)
    assert cells.day("5/5/2026", PLAIN) == date(2026, 5, 5)


@pytest.mark.parametrize("written", ["3.4.26", "31.2.2026", "yesterday", "1.1.1900", "", 46000])
def test_what_is_no_day_is_refused(written: Cell) -> None:
    """Two digits of a year, a day that never was, a word, a number of Excel's own."""
    with pytest.raises(Unreadable):
        cells.day(written, PLAIN)


def test_a_moment_is_in_utc_unless_it_says_otherwise() -> None:
    """No time is midnight."""
    assert cells.instant("2026-03-04", PLAIN) == datetime(2026, 3, 4, tzinfo=UTC)
    assert cells.instant("4.3.2026 8:30", PLAIN) == datetime(2026, 3, 4, 8, 30, tzinfo=UTC)
    assert cells.instant("2026-03-04T08:30:00+02:00", PLAIN) == datetime(2026, 3, 4, 6, 30, tzinfo=UTC)
    with pytest.raises(Unreadable, match="no_day"):
        cells.instant("2026-03-04 25:00", PLAIN)


def test_truth_is_said_in_words() -> None:
    """Yes and no in both languages; other words are refused."""
    assert [cells.truth(each) for each in ("yes", "X", 1, True, "是")] == [True] * 5
    assert [cells.truth(each) for each in ("no", None, 0, False, "否")] == [False] * 5
    with pytest.raises(Unreadable, match="no_truth"):
        cells.truth("perhaps")


@given(st.integers(-(10**9), 10**9), st.sampled_from([".", ","]))
def test_what_is_written_with_two_decimals_is_read_back(cents: int, sign: str) -> None:
    """With a point or a comma, as long as the decimals are not three."""
    written = f"{cents / 100:.2f}".replace(".", sign)
    assert cells.number(written, PLAIN) == pytest.approx(cents / 100)


@given(st.dates(date(1970, 1, 1), date(2200, 12, 31)), st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%Y/%m/%d"]))
def test_every_day_comes_back(day: date, form: str) -> None:
    """In each of the forms that have one meaning."""
    assert cells.day(f"{day:{form}}", PLAIN) == day


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading(written: str) -> None:
    """Whatever stands in a cell, it is read or refused."""
    for read in (cells.number, cells.day, cells.instant, cells.whole):
        with suppress(Unreadable):
            read(written, PLAIN)
