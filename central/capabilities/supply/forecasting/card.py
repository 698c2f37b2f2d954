"""Forecasting: learned once a night for all items of a site; an item is told when its demand is not what is planned with."""

from datetime import UTC, date, datetime

from central.capabilities.supply.forecasting.inputs import gather, items_at, keep, lessons, realised
from central.capabilities.supply.forecasting.model import Expected, Forecast, Inputs, Params, Short, Week, decide
from central.deciding.capability import N_, Capability
from central.deciding.outcome import Cause


def example() -> tuple[Inputs, Params]:
    """Oat milk sold five a day; its shelf stood empty on three days, and a promotion begins."""
    weeks = tuple(Week(mean=mean, low=mean - 11, high=mean + 12) for mean in (58.2, 49.5, 47.9, 47.1))
    inputs = Inputs(
        as_of=datetime(2026, 11, 24, 3, 30, tzinfo=UTC),
        causes=(
            Cause("sales", "oat-milk-1l", values={"days": 56, "mean": 5.1}),
            Cause("forecast", "oat-milk-1l/2026-11-24", values={"origin": "2026-11-24"}),
            Cause(
                "availability",
                "oat-milk-1l/2026-11-22",
                values={"day": "2026-11-22", "share": 0.4, "sold": 2.0, "demand": 6.8},
            ),
        ),
        sku="oat-milk-1l",
        days_known=400,
        expected=Expected(
            origin=date(2026, 11, 24),
            kind="smooth",
            weeks=weeks,
            whole=Week(mean=202.7, low=171, high=236),
            lead_d=3,
            lead_mean=24.1,
            lead_high=34,
            parts={"base": 160.2, "trend_and_season": 21.5, "promotion": 21.0},
            error_share=0.21,
            naive_error_share=0.29,
            covered=0.75,
        ),
        short=Short(days=3, sold=6, demand=19.4),
        planned=5.1,
    )
    return inputs, Params()


CARD = Capability(
    module=__name__,
    title=N_("Demand forecast"),
    subject=N_("Item"),
    subjects=items_at,
    wakes_on={},
    schedule="37 3 * * *",
    settle_s=1.0,
    params=Params,
    proposal=Forecast,
    gather=gather,
    decide=decide,
    example=example,
    lessons=lessons,
    learns_together=True,
    learned=keep,
    realised=realised,
    summary=N_("Expect {units} of {sku} until {until_day}"),
    adjustable=frozenset({"units"}),
    quantity="units",
    benchmark="forecast",
    baseline="The flat mean of the last eight weeks",
    reasons={
        "differs_from_mean": N_("{units} expected in {horizon_d} days, {planned} by the mean of the last weeks"),
        "differs_from_agreed": N_("{units} expected in {horizon_d} days, {planned} were agreed"),
        "as_planned": N_("{units} expected in {horizon_d} days, about the {planned} that are planned with"),
        "route_smooth": N_("It sells steadily"),
        "route_erratic": N_("It sells often, in amounts that vary much"),
        "route_intermittent": N_("It sells now and then"),
        "route_lumpy": N_("It sells now and then, in amounts that vary much"),
        "route_promoted": N_("It is often on promotion"),
        "route_new": N_("It is new: it is forecast like items that resemble it"),
        "route_dead": N_("It has not sold for long"),
        "route_other": N_("It sells in its own way"),
        "seen_empty": N_("Its shelf was seen empty on {days} days: {demand} wanted where {sold} were sold"),
        "base": N_("{units} by its level"),
        "part_trend_and_season": N_("{units} by trend and season"),
        "part_calendar": N_("{units} by the time of the year"),
        "part_event": N_("{units} by events"),
        "part_price": N_("{units} by its price"),
        "part_promotion": N_("{units} by promotions that are planned"),
        "over_lead_time": N_("Over the {lead_d} days until an order comes: {units}, below {high} in 19 of 20 cases"),
        "accuracy": N_("Lately wrong by {error} of demand a week, a flat mean by {naive}; {covered} within the interval"),
        "not_tried_yet": N_("How good it is will be known when its past is longer"),
        "little_history": N_("Sales of {days} days are known, {least} are needed"),
        "not_made_yet": N_("Sales of {days} days are known; forecasts are made at night"),
        "told_from": N_("More than {units} expected: it would be told"),
        "silent_within": N_("Within {share} of what is planned with: nothing would be told"),
    },
    causes={
        "sales": N_("Sales of {days} trading days: {mean} a day"),
        "forecast": N_("Forecast from {origin}"),
        "promotion": N_("Promotion from {from_day} to {until_day}"),
        "availability": N_("On {day} it could be bought for {share} of the day: {sold} sold, {demand} wanted"),
        "count": N_("Counted {units} at {location}, {counted_at}"),
    },
    units={
        "units": "units",
        "planned": "units",
        "low": "units",
        "high": "units",
        "mean": "units",
        "demand": "units",
        "sold": "units",
        "horizon_d": "days",
        "lead_d": "days",
        "days": "days",
        "least": "days",
        "error": "percent",
        "naive": "percent",
        "covered": "percent",
        "share": "percent",
        "confidence": "percent",
        "sku": "text",
        "location": "text",
        "counted_at": "instant",
        "from_day": "day",
        "until_day": "day",
        "origin": "day",
        "day": "day",
    },
)
