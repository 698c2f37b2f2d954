"""Stretches of time: laws of sets, hours of a week over midnight and over a change of the clock."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from central.capabilities.production.maintenance import spans
from central.capabilities.production.maintenance.spans import Span

some = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda s: Span(s[0], s[0] + s[1])), max_size=6)


def minutes(found: list[Span]) -> set[int]:
    """Each minute by itself."""
    return {minute for span in found for minute in range(span.begin, span.end)}


@given(some, some)
def test_they_are_sets_of_minutes(one: list[Span], other: list[Span]) -> None:
    """Joined, shared and cut as sets are."""
    assert minutes(spans.joined(one)) == minutes(one)
    assert minutes(spans.shared(one, other)) == minutes(one) & minutes(other)
    assert minutes(spans.without(one, other)) == minutes(one) - minutes(other)
    assert spans.minutes_shared(Span(10, 40), spans.joined(one)) == len(minutes(one) & set(range(10, 40)))


def test_a_night_shift_ends_on_the_next_morning() -> None:
    """And one that began before the plan is in it."""
    begin = spans.minute_of(datetime(2026, 11, 24, tzinfo=UTC))
    night = [{"days": ["mon"], "from": "22:00", "to": "06:00"}]
    assert spans.of_week(night, Span(begin, begin + 2 * 1440), UTC) == [Span(begin, begin + 6 * 60)]


def test_hours_are_those_of_the_site_when_clocks_change() -> None:
    """Ten in Berlin is nine, then eight by UTC."""
    zone = ZoneInfo("Europe/Berlin")
    days = (datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC))
    hours = [{"days": ["sat", "sun"], "from": "10:00", "to": "11:00"}]
    found = spans.of_week(hours, Span(*(spans.minute_of(day) for day in days)), zone)
    assert [spans.moment_of(span.begin).hour for span in found] == [9, 8]
    assert spans.of_day(date(2026, 3, 29), zone).minutes == 23 * 60


def test_the_grid_is_a_quarter_of_an_hour() -> None:
    """The first from a minute on."""
    assert [spans.on_grid(minute) for minute in (0, 1, 15, 16)] == [0, 15, 15, 30]
