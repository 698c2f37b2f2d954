"""Whether a forecast says something new: one that differs much from what is planned with now is put before a person.

The forecast itself is made at night for all items at once (`lessons.py`); planning reads it whether or not it is looked at,
and follows a person who changed it. Quantities in units, times in days.
"""

from datetime import date, timedelta
from math import ceil

from pydantic import BaseModel, Field

from central.deciding import outcome
from central.deciding.outcome import Interval, Outcome, Reason

MOST_UNITS = 1e12
INTERVAL_SHARE = 0.8
WEEK_D = 7


class Params(BaseModel, frozen=True, extra="forbid"):
    """How forecasts are made, and when they are told."""

    weeks: int = Field(default=8, ge=1, le=26, description="Weeks ahead that are forecast.")
    history_d: int = Field(default=730, ge=56, le=1825, description="Days of sales that a forecast learns from.")
    least_history_d: int = Field(default=28, ge=8, le=365, description="Days of sales below which nothing is forecast.")
    review_d: float = Field(default=1.0, gt=0, le=90, description="Days between two orders of the same item, at most.")
    material: float = Field(
        default=0.25, ge=0, le=10, description="Change against the demand planned with from which a forecast is proposed."
    )


class Week(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """Expected demand of seven days; between `low` and `high` in four of five cases."""

    mean: float = Field(ge=0, le=MOST_UNITS)
    low: float = Field(ge=0, le=MOST_UNITS)
    high: float = Field(ge=0, le=MOST_UNITS)


class Expected(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """The newest forecast. whole: the horizon; lead: the `lead_d` days of lead time and review, with their 95 % quantile.

    parts: units of the horizon by what brings them. error_share: mean absolute weekly error over demand, and a flat mean's.
    """

    origin: date
    kind: str
    weeks: tuple[Week, ...]
    whole: Week
    lead_d: int = Field(ge=1, le=3650)
    lead_mean: float = Field(ge=0, le=MOST_UNITS)
    lead_high: float = Field(ge=0, le=MOST_UNITS)
    parts: dict[str, float]
    error_share: float | None = Field(default=None, ge=0)
    naive_error_share: float | None = Field(default=None, ge=0)
    covered: float | None = Field(default=None, ge=0, le=1)


class Short(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """Days on which the shelf was seen empty for a while: what was sold on them, and what was most likely wanted."""

    days: int = Field(ge=0)
    sold: float = Field(ge=0, le=MOST_UNITS)
    demand: float = Field(ge=0, le=MOST_UNITS)


class Inputs(outcome.Inputs, frozen=True):
    """One item. planned: units a day that planning goes by without this forecast; is_agreed: a person let it pass."""

    sku: str
    days_known: int = Field(ge=0)
    expected: Expected | None
    short: Short
    planned: float = Field(ge=0, le=MOST_UNITS)
    is_agreed: bool = False


class Forecast(outcome.Proposal, frozen=True):
    """Demand of an item over the days from `from_day` until before `until_day`; `by_week` is its course."""

    sku: str
    from_day: date
    until_day: date
    units: float = Field(ge=0, le=MOST_UNITS)
    low: float = Field(ge=0, le=MOST_UNITS)
    high: float = Field(ge=0, le=MOST_UNITS)
    by_week: tuple[Week, ...]


def decide(inputs: Inputs, params: Params) -> Outcome[Forecast]:
    """A forecast that changes plans; nothing while it is as planned; what is missing for one."""
    if inputs.days_known < params.least_history_d and inputs.expected is None:
        return Outcome.undecided(Reason("little_history", days=inputs.days_known, least=params.least_history_d))
    told = inputs.expected
    if told is None or not told.weeks:
        return Outcome.undecided(Reason("not_made_yet", days=inputs.days_known))
    days = len(told.weeks) * WEEK_D
    planned = round(inputs.planned * days, 1)
    units, why = round(told.whole.mean, 1), (*_reasons(told, inputs.short), *_accuracy(told))
    if abs(units - planned) <= params.material * max(planned, 1.0):
        return Outcome.nothing(
            Reason("as_planned", units=units, planned=planned, horizon_d=days),
            *why,
            would_change=(Reason("told_from", units=ceil(planned + params.material * max(planned, 1.0))),),
        )
    proposal = Forecast(
        sku=inputs.sku,
        from_day=told.origin,
        until_day=_later(told.origin, days),
        units=units,
        low=round(min(told.whole.low, units), 1),
        high=round(max(told.whole.high, units), 1),
        by_week=told.weeks,
    )
    code = "differs_from_agreed" if inputs.is_agreed else "differs_from_mean"
    return Outcome.propose(
        proposal,
        Reason(code, units=units, planned=planned, horizon_d=days),
        *why,
        would_change=(Reason("silent_within", share=params.material),),
        interval=Interval("units", proposal.low, proposal.high, INTERVAL_SHARE),
    )


def _later(day: date, days: int) -> date:
    return day + timedelta(days=min(days, (date.max - day).days))


def _reasons(told: Expected, short: Short) -> list[Reason]:
    reasons = [Reason(f"route_{told.kind}" if told.kind in ROUTES else "route_other")]
    if short.days:
        latent, sold = round(short.demand, 1), round(short.sold, 1)
        reasons.append(Reason("seen_empty", days=short.days, demand=latent, sold=sold))
    reasons.append(Reason("base", units=round(told.parts.get("base", 0.0), 1)))
    reasons += [
        Reason(f"part_{name}", units=round(told.parts[name], 1)) for name in PARTS if abs(told.parts.get(name, 0)) >= 0.05
    ]
    high, mean = round(told.lead_high, 1), round(told.lead_mean, 1)
    return [*reasons, Reason("over_lead_time", lead_d=told.lead_d, units=mean, high=high)]


def _accuracy(told: Expected) -> list[Reason]:
    if told.error_share is None or told.naive_error_share is None:
        return [Reason("not_tried_yet")]
    error, naive = round(told.error_share, 3), round(told.naive_error_share, 3)
    return [Reason("accuracy", error=error, naive=naive, covered=told.covered)]


ROUTES = ("smooth", "erratic", "intermittent", "lumpy", "promoted", "new", "dead")
PARTS = ("trend_and_season", "calendar", "event", "price", "promotion")
