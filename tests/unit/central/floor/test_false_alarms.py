"""How often alarms were false, by what was found."""

import pytest

from central.floor.false_alarms import estimate


def test_what_nobody_could_tell_widens_the_interval_upwards_only() -> None:
    """A shrug neither hides a false alarm nor invents one."""
    sure, unsure = estimate(["false", "true"], 2, 180.0), estimate(["false", "true", "not_found"], 3, 180.0)
    assert sure.per_month == unsure.per_month == pytest.approx(1 / 6)
    assert sure.low == unsure.low
    assert sure.high is not None
    assert unsure.high is not None
    assert sure.high < unsure.high


def test_no_false_alarm_is_not_a_promise_of_none() -> None:
    """After a month without, three a month are still possible."""
    found = estimate(["true"], 1, 30.0)
    assert (found.per_month, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(3.0, rel=0.01)


def test_without_time_nothing_is_said() -> None:
    """Neither a rate nor an interval."""
    assert estimate([], 0, 0.0).per_month is None


def test_several_machines_are_as_many_months() -> None:
    """Ten of them for a month are ten asset-months."""
    assert estimate(["false"], 1, 30.0, assets=10).per_month == pytest.approx(0.1)
