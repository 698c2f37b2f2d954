"""The night's lesson: demand behind sales, one fit over all items of a site, forecasts, and how good the last were.

Days are learnt, weeks and lead times told: each stretch is learnt as a stretch, so that its quantiles are its own.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

import msgspec
import numpy as np

from central.methods.forecasting import censored
from central.methods.forecasting.classify import Kind
from central.methods.forecasting.engine import Fitted, Forecasts, fit, predict
from central.methods.forecasting.errors import TooLittle
from central.methods.forecasting.explain import Parts, explained
from central.methods.forecasting.features import Window
from central.methods.forecasting.panel import Floats, Inputs, Panel
from central.methods.forecasting.training import Settings
from central.methods.forecasting.trees import Shape
from central.store.forecasts import Forecast, Stretch

WEEK_D = 7
TRIED_WEEKS = 4
TRIED_TIMES = 2
NAIVE_D = 56
SETTINGS = Settings(rows=20_000, origins=12, memory=1825, shape=Shape(rounds=80, rate=0.1))
LOW, HIGH = 0.1, 0.9


class Shortage(msgspec.Struct, frozen=True):
    """Day of an item on which its shelf was seen empty for a while."""

    sku: str
    day: date
    share: float
    sold: float
    demand: float


class Learned(msgspec.Struct, frozen=True):
    """All that a night brought, as it is kept."""

    forecasts: list[Forecast]
    shortages: list[Shortage]


@dataclass(frozen=True)
class Days:
    """n items over t days that end before `origin`. sales, available: (n, t), NaN unknown; inputs: (n, t + planned, k).

    lead_d: days of lead time and review of each item; weeks: ahead.
    """

    origin: date
    skus: tuple[str, ...]
    sales: Floats
    available: Floats
    inputs: Inputs
    lead_d: tuple[int, ...]
    weeks: int

    def sha256(self) -> str:
        """Equal for equal days."""
        about = repr((self.origin, self.skus, self.lead_d, self.weeks, self.inputs.names)).encode()
        parts = (about, self.sales.tobytes(), self.available.tobytes(), self.inputs.values.tobytes())
        return sha256(b"".join(parts)).hexdigest()

    def fit(self) -> str | None:
        """Forecasts of all items and their shortages, as JSON; None while no item has enough of a past."""
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 (comes with scikit-learn, which is slow to load)

        if not self.skus:
            return None
        with threadpool_limits(limits=1):  # a night's lesson must not take the cores from those who decide
            return self._learnt()

    def _learnt(self) -> str | None:
        demand = demand_of(self)
        panel = Panel(demand, WEEK_D, self.inputs, phase=(self.origin - timedelta(days=demand.shape[1])).weekday())
        try:
            fitted = fit(panel, self.windows, SETTINGS)
        except TooLittle:
            return None
        tried, scores = _tried(self, panel)
        now = predict(fitted, panel)
        made = _told(self, now, self.origin, explained(fitted, panel), scores)
        return msgspec.json.encode(Learned([*tried, *made], _shortages(self, demand))).decode()

    @property
    def windows(self) -> list[Window]:
        """Weeks, then lead times, then the horizon."""
        sums = sorted({*self.lead_d, self.weeks * WEEK_D})
        return list(dict.fromkeys([*_weeks(self.weeks), *((0, days) for days in sums)]))


def demand_of(days: Days) -> Floats:
    """(n, t) units that were wanted: what was sold, and what most likely was not while the shelf was seen empty.

    Where nobody looked, what was sold is taken as what was wanted.
    """
    sold = np.maximum(days.sales, 0.0)
    seen = np.nan_to_num(days.available, nan=1.0)
    if not (seen < 1).any():
        return sold
    return censored.latent_demand(sold, seen, _week_days(sold)).demand


def _week_days(sales: Floats) -> Floats:
    """(n, t) what each day of the week sells, relative to the mean day."""
    place = np.arange(sales.shape[1]) % WEEK_D
    totals = np.array(
        [np.nanmean(sales[:, place == one]) if np.isfinite(sales[:, place == one]).any() else 0.0 for one in range(WEEK_D)]
    )
    mean = totals.mean()
    shares = np.clip(totals / mean, 0.2, 5.0) if mean > 0 else np.ones(WEEK_D)
    return np.broadcast_to(shares[place], sales.shape).copy()


def _weeks(count: int) -> list[Window]:
    return [(week * WEEK_D, (week + 1) * WEEK_D) for week in range(count)]


def _tried(days: Days, panel: Panel) -> tuple[list[Forecast], dict[str, tuple[float, float, float]]]:
    """Forecasts from earlier origins by a fit that ended before them; and by item: error, a flat mean's, share covered."""
    weeks = min(TRIED_WEEKS, days.weeks)
    origins = [panel.periods - weeks * WEEK_D * back for back in range(TRIED_TIMES, 0, -1)]
    if origins[0] < NAIVE_D:
        return [], {}
    try:
        fitted = fit(panel.upto(origins[0]), _weeks(weeks), SETTINGS)
    except TooLittle:
        return [], {}
    tries = [_one_try(days, panel, fitted, origin) for origin in origins]
    came, said, naive, inside = (np.concatenate([one[place] for one in tries], axis=1) for place in (1, 2, 3, 4))
    known = np.isfinite(came)
    total = np.where(known, came, 0).sum(1)
    scores: dict[str, tuple[float, float, float]] = {}
    for place, sku in enumerate(days.skus):
        row = known[place]
        if total[place] > 0 and row.any():
            ours = np.abs(said - came)[place, row].sum() / total[place]
            flat = np.abs(naive - came)[place, row].sum() / total[place]
            scores[sku] = (float(ours), float(flat), float(inside[place, row].mean()))
    return [each for one in tries for each in one[0]], scores


def _one_try(days: Days, panel: Panel, fitted: Fitted, origin: int) -> tuple[list[Forecast], Floats, Floats, Floats, Floats]:
    """Forecasts at an origin; by week, (n, w) each: what came, was said, a flat mean, whether it was within the interval."""
    said = predict(fitted, panel.upto(origin))
    came = np.stack([panel.sales[:, origin + first : origin + last].sum(1) for first, last in fitted.windows], axis=1)
    lately = panel.sales[:, origin - NAIVE_D : origin]
    known = np.maximum(np.isfinite(lately).sum(1), 1)
    flat = np.repeat((np.nan_to_num(lately).sum(1) / known * WEEK_D)[:, None], came.shape[1], axis=1)
    low, high = (said.quantiles[:, :, int(np.argmin(np.abs(said.levels - level)))] for level in (LOW, HIGH))
    inside = ((came >= low) & (came <= high)).astype(np.float64)
    at = days.origin - timedelta(days=panel.periods - origin)
    return _told(days, said, at, None, {}, is_backtest=True), came, said.mean, flat, inside


def _told(
    days: Days,
    said: Forecasts,
    origin: date,
    parts: Parts | None,
    scores: dict[str, tuple[float, float, float]],
    *,
    is_backtest: bool = False,
) -> list[Forecast]:
    whole = max(range(len(said.windows)), key=lambda place: said.windows[place][1] - said.windows[place][0])
    levels = tuple(float(level) for level in said.levels)
    return [
        Forecast(
            sku=sku,
            origin=origin,
            kind=Kind(int(said.kinds[item])).name.lower(),
            levels=levels,
            stretches=_stretches(said, item),
            parts=_parts(parts, item, whole),
            is_backtest=is_backtest,
            **_score(scores.get(sku)),
        )
        for item, sku in enumerate(days.skus)
        if not is_backtest or np.isfinite(days.sales[item, : days.sales.shape[1] - (days.origin - origin).days]).any()
    ]


def _stretches(said: Forecasts, item: int) -> tuple[Stretch, ...]:
    return tuple(
        Stretch(
            first,
            last,
            round(float(said.mean[item, place]), 3),
            tuple(round(float(q), 3) for q in said.quantiles[item, place]),
        )
        for place, (first, last) in enumerate(said.windows)
    )


def _parts(parts: Parts | None, item: int, whole: int) -> dict[str, float]:
    if parts is None:
        return {}
    inputs = {str(name): round(float(values[item, whole]), 2) for name, values in parts.inputs.items()}
    plain = round(float(parts.trend_and_season[item, whole]), 2)
    return {"base": round(float(parts.base[item, whole]), 2), "trend_and_season": plain} | inputs


def _score(score: tuple[float, float, float] | None) -> dict[str, float]:
    return {} if score is None else dict(zip(("error_share", "naive_error_share", "covered"), score, strict=True))


def _shortages(days: Days, demand: Floats) -> list[Shortage]:
    """Every day on which a shelf was seen empty for a while and sales are known."""
    first = days.origin - timedelta(days=days.sales.shape[1])
    short = (np.nan_to_num(days.available, nan=1.0) < 1) & np.isfinite(demand)
    return [
        Shortage(
            days.skus[item],
            first + timedelta(days=int(day)),
            float(days.available[item, day]),
            float(days.sales[item, day]),
            round(float(demand[item, day]), 3),
        )
        for item, day in np.argwhere(short)
    ]
