"""The two years that the demo remembers."""

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from central.demo.history import DAYS, WEEKDAY_FACTORS, daily_sales, expected_units

TODAY = date(2026, 11, 24)


@given(st.floats(0.1, 1000), st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 2**32))
def test_a_history_is_complete_whole_and_repeatable(mean_units: float, today: date, seed: int) -> None:
    """Every day of two years up to yesterday, in order, in whole units, the same for the same seed."""
    history = list(daily_sales(mean_units, today, np.random.default_rng(seed)))
    assert [day for day, _ in history] == [today - timedelta(days=ago) for ago in range(DAYS, 0, -1)]
    assert all(units >= 0 for _, units in history)
    assert history == list(daily_sales(mean_units, today, np.random.default_rng(seed)))


def test_weeks_have_a_shape_and_years_a_trend() -> None:
    """Saturdays outsell Sundays; a day sells more than the same weekday two years before."""
    saturday = date(2026, 11, 21)
    assert expected_units(10, saturday, TODAY) > 1.5 * expected_units(10, saturday + timedelta(days=1), TODAY)
    assert expected_units(10, saturday, TODAY) > 1.1 * expected_units(10, saturday - timedelta(weeks=104), TODAY)
    assert sum(WEEKDAY_FACTORS) / 7 == 1


def test_the_last_weeks_sell_what_an_ordinary_day_does() -> None:
    """The mean of the last eight weeks lies within the season's share of the mean that was asked for."""
    history = list(daily_sales(12, TODAY, np.random.default_rng(1)))[-56:]
    assert 11 < np.mean([units for _, units in history]) < 14
