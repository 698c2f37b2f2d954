"""Three years of one item's days as a small shop could have had them (pure, seeded): wanted, offered, sold, brought back.

Units wanted are Poisson around mean x weekday x season x life x price x promotion, with a dip after a promotion; parts are
wanted on few days only. What was not on the shelf could not be sold: sales are what was wanted while it stood there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from central.demo.trade import CURRENCY, Traded
from central.store.prices import Price
from central.store.promotions import Promotion

Days = NDArray[np.float64]
DAYS = 1095
QUIET_D = 56  # what cameras see has no promotion and no empty shelf of late: the live demo goes on from here
PLANNED_D = 42
WEEKDAY_FACTORS = (0.92, 0.88, 0.92, 1.00, 1.18, 1.38, 0.72)  # Monday first; their mean is 1
GROWTH_A_YEAR = 0.06
DAYS_A_YEAR = 365.25
ELASTICITY = -1.6
DIP_D, DIP_SHARE = 7, 0.2
RETURNED_SHARE = 0.012
PROMOTION_EVERY_D = 80
PARTS_A_TIME = 1.8
LIFE_D = {"new": 44, "season_only": DAYS}


@dataclass(frozen=True)
class Past:
    """An item's days, oldest first: what was wanted, the share of the day it stood there, what was sold and brought back."""

    sku: str
    days: tuple[date, ...]
    wanted: NDArray[np.int64]
    available: Days
    sold: NDArray[np.int64]
    returned: NDArray[np.int64]
    prices: tuple[Price, ...]
    promotions: tuple[Promotion, ...]


def past(item: Traded, today: date, rng: np.random.Generator) -> Past:
    """What became of an item on each of the DAYS complete days before `today`, and what is planned for it."""
    days = tuple(today - timedelta(days=ago) for ago in range(DAYS, 0, -1))
    prices, price_factor = _prices(item, days, rng)
    promoted = _promotions(item, days, today, rng)
    mean = item.daily * _calendar(item, days) * _life(item) * price_factor * _lift(promoted, days)
    wanted = _wanted(item, mean, rng)
    available = _available(item, wanted, rng)
    sold = rng.binomial(wanted, available)
    returned = np.roll(rng.binomial(sold, RETURNED_SHARE), 3)
    returned[:3] = 0
    return Past(item.sku, days, wanted, available, sold, returned, prices, promoted)


def _calendar(item: Traded, days: Sequence[date]) -> Days:
    """Weekday and season, around 1."""
    weekdays = np.array([WEEKDAY_FACTORS[day.weekday()] for day in days])
    turn = 2 * np.pi * (np.array([day.timetuple().tm_yday for day in days]) - item.peak_day) / DAYS_A_YEAR
    if item.pattern == "intermittent":
        return np.ones(len(days))
    if item.pattern == "season_only":
        return weekdays * np.maximum(np.cos(turn) - 0.7, 0) * 8
    return weekdays * (1 + item.season * np.cos(turn))


def _life(item: Traded) -> Days:
    """Growth to 1 today, or what is left of an item that leaves; nothing before it came."""
    ago = np.arange(DAYS, 0, -1) / DAYS_A_YEAR
    life = (1 + (0.6 if item.pattern == "growing" else GROWTH_A_YEAR)) ** -ago
    if item.pattern == "dying":
        life = np.exp(0.9 * ago)
    if item.pattern == "delisted":
        life = np.where(ago > 0.4, np.exp(0.8 * ago), 0.0)
    if item.pattern == "new":
        age_d = LIFE_D["new"] - np.arange(DAYS, 0, -1)
        life = np.where(age_d >= 0, 1 - 0.6 * np.exp(-np.maximum(age_d, 0) / 12), 0.0)
    return life


def _prices(item: Traded, days: Sequence[date], rng: np.random.Generator) -> tuple[tuple[Price, ...], Days]:
    """The price list, and what each price does to the units wanted."""
    changes = sorted(
        int(at) for at in rng.choice(np.arange(120, DAYS - QUIET_D), size=int(rng.integers(1, 4)), replace=False)
    )
    starts = [0, *changes]
    levels = [1.0 - 0.04 * (len(starts) - 1 - at) + float(rng.normal(0, 0.01)) for at in range(len(starts))]
    levels[-1] = 1.0
    listed = tuple(
        Price(item.sku, days[at], round(item.price * level, 2), CURRENCY) for at, level in zip(starts, levels, strict=True)
    )
    factor = np.ones(DAYS)
    for at, level in zip(starts, levels, strict=True):
        factor[at:] = level**ELASTICITY
    return listed, factor


def _promotions(item: Traded, days: Sequence[date], today: date, rng: np.random.Generator) -> tuple[Promotion, ...]:
    """A week off every eleven weeks or so, from a Monday; what is planned for the next weeks too."""
    if item.pattern in ("intermittent", "delisted"):
        return ()
    found: list[Promotion] = []
    begins = days[0] + timedelta(days=int(rng.integers(10, PROMOTION_EVERY_D)))
    while begins < today + timedelta(days=PLANNED_D):
        monday = begins - timedelta(days=begins.weekday())
        is_quiet = item.is_seen and today - timedelta(days=QUIET_D + DIP_D) <= monday + timedelta(days=6) and monday < today
        if not is_quiet and (item.pattern != "new" or monday > today - timedelta(days=LIFE_D["new"] - 14)):
            found.append(_promotion(item, monday, rng))
        begins += timedelta(days=int(rng.integers(PROMOTION_EVERY_D - 25, PROMOTION_EVERY_D + 25)))
    return tuple(found)


def _promotion(item: Traded, monday: date, rng: np.random.Generator) -> Promotion:
    discount = float(rng.choice([0.1, 0.15, 0.2, 0.25, 0.3]))
    return Promotion(
        sku=item.sku,
        from_day=monday,
        until_day=monday + timedelta(days=6),
        price=round(item.price * (1 - discount), 2),
        discount=discount,
        display=bool(rng.random() < 0.4),
        mailer=bool(rng.random() < 0.35),
    )


def _lift(promoted: Sequence[Promotion], days: Sequence[date]) -> Days:
    """What promotions do: more while they run, less in the week after."""
    lift = np.ones(len(days))
    for each in promoted:
        at = (each.from_day - days[0]).days
        up = (1 - (each.discount or 0)) ** (ELASTICITY - 1) * (1.3 if each.display else 1) * (1.35 if each.mailer else 1)
        lift[max(at, 0) : max(at + 7, 0)] *= up
        lift[max(at + 7, 0) : max(at + 7 + DIP_D, 0)] *= 1 - DIP_SHARE
    return lift


def _wanted(item: Traded, mean: Days, rng: np.random.Generator) -> NDArray[np.int64]:
    if item.pattern == "intermittent":
        comes = rng.random(DAYS) < mean / PARTS_A_TIME
        return np.where(comes, 1 + rng.poisson(PARTS_A_TIME - 1, DAYS), 0).astype(np.int64)
    spread = rng.gamma(12, 1 / 12, DAYS)  # days differ more than chance alone would have it
    spread[DAYS - QUIET_D :] = 1.0
    return rng.poisson(mean * spread).astype(np.int64)


def _available(item: Traded, wanted: NDArray[np.int64], rng: np.random.Generator) -> Days:
    """Shelves run empty some times a year, most likely when much is wanted, for a day or three."""
    share = np.ones(DAYS)
    last = DAYS - (QUIET_D if item.is_seen else 10)
    busy = np.maximum(wanted[:last], 0.2) ** 1.5
    times = int(rng.poisson(5 * DAYS / DAYS_A_YEAR))
    for at in rng.choice(last, size=min(times, last), replace=False, p=busy / busy.sum()):
        share[at] = rng.uniform(0.25, 0.75)
        empty = int(rng.integers(0, 3))
        share[at + 1 : at + 1 + empty] = 0.0
        share[at + 1 + empty : at + 2 + empty] = rng.uniform(0.3, 0.8)
    share[last:] = 1.0
    return share
