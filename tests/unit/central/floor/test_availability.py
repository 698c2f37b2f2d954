"""Which share of a day an item could be bought, from counts."""

from datetime import UTC, datetime, timedelta

import pytest

from central.floor.availability import HOLDS, share_of

OPENED = datetime(2026, 11, 24, 8, tzinfo=UTC)
CLOSED = OPENED + timedelta(hours=10)


def hourly(place: str, empty_from_h: int) -> list[tuple[str, datetime, int]]:
    """A count an hour: units until an hour, none from then on."""
    return [(place, OPENED + timedelta(hours=hour), 5 if hour < empty_from_h else 0) for hour in range(10)]


def test_a_shelf_that_ran_dry_half_way_was_there_for_half_the_day() -> None:
    """Five of ten hours."""
    assert share_of(hourly("a", 5), OPENED, CLOSED) == pytest.approx((0.5, 10.0))


def test_an_item_is_there_while_any_of_its_places_holds_some() -> None:
    """A second shelf that ran dry at eight hours."""
    both = sorted([*hourly("a", 5), *hourly("b", 8)], key=lambda one: one[1])
    assert share_of(both, OPENED, CLOSED)[0] == pytest.approx(0.8)


def test_hours_in_which_nobody_looked_are_unknown() -> None:
    """One count tells of as long as it holds, and no count tells nothing."""
    share, hours = share_of([("a", OPENED, 0)], OPENED, CLOSED)
    assert (share, hours) == (0.0, HOLDS.total_seconds() / 3600)
    assert share_of([], OPENED, CLOSED)[1] == 0
