"""Two years of daily sales that a small shop could have had (pure, seeded).

Units a day are Poisson around mean x weekday x season x trend: Saturdays twice as busy as Sundays, a mild year, 8 % growth a
year up to `mean_units` today.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from math import cos, pi

import numpy as np

DAYS = 730
WEEKDAY_FACTORS = (0.92, 0.88, 0.92, 1.00, 1.18, 1.38, 0.72)  # Monday first; their mean is 1
SEASON_SHARE = 0.10
PEAK_DAY_OF_YEAR = 350
GROWTH_A_YEAR = 0.08
DAYS_A_YEAR = 365.25


def expected_units(mean_units: float, day: date, today: date) -> float:
    """What `day` should sell of an item that sells `mean_units` on an ordinary day of `today`'s year."""
    turn = 2 * pi * (day.timetuple().tm_yday - PEAK_DAY_OF_YEAR) / DAYS_A_YEAR
    years_ago = (today - day).days / DAYS_A_YEAR
    season = 1 + SEASON_SHARE * cos(turn)
    growth = float((1 + GROWTH_A_YEAR) ** -years_ago)
    return mean_units * WEEKDAY_FACTORS[day.weekday()] * season * growth


def daily_sales(mean_units: float, today: date, rng: np.random.Generator, days: int = DAYS) -> Iterator[tuple[date, int]]:
    """(day, units sold) for each of the `days` complete days before `today`, oldest first."""
    for ago in range(days, 0, -1):
        day = today - timedelta(days=ago)
        yield day, int(rng.poisson(expected_units(mean_units, day, today)))
