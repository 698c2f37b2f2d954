"""The forecast that an order goes by while it is fresh: as a person changed it, and not where one refused it."""

from datetime import UTC, datetime, timedelta
from math import ceil

from sqlalchemy import Connection

from central.capabilities.supply.inventory.model import Expected
from central.deciding.capability import Subject
from central.deciding.outcome import Cause, Value
from central.store import decisions, forecasts, latent_demand, reviews
from central.store.forecasts import Forecast
from central.store.latent_demand import Latent

FORECASTING = "supply.forecasting"
FRESH_D = 3
UNTOLD = frozenset({"new", "dead"})  # too little of them is known to stock less, or none, by it
SHORT_SINCE_D = 28


def expectation(conn: Connection, item: Subject, wait_d: float, now: datetime) -> tuple[Expected | None, list[Cause]]:
    """What is expected until an order not placed today would come; None without a forecast that can be gone by."""
    today = now.astimezone(UTC).date()
    told = forecasts.newest(conn, item.site, item.key)
    if told is None or told.is_backtest or (today - told.origin).days > FRESH_D or told.kind in UNTOLD:
        return None, []
    scale, causes = _as_people_see_it(conn, item, told)
    stretch = told.sum_of(max(ceil(wait_d), 1))
    if stretch is None or scale is None:
        return None, []
    short = latent_demand.since(conn, item.site, item.key, today - timedelta(days=SHORT_SINCE_D))
    expected = Expected(
        origin=told.origin,
        days=stretch.last,
        mean=max(stretch.mean, 0.0),
        levels=told.levels,
        quantiles=tuple(max(each, 0.0) for each in stretch.quantiles),
        scale=scale,
    )
    return expected, [*causes, *(_short(item, one) for one in short[-1:])]


def _as_people_see_it(conn: Connection, item: Subject, told: Forecast) -> tuple[float | None, list[Cause]]:
    """How much of the forecast counts: 1, or what a person's number is of it; None where it was refused."""
    standing = decisions.standing(conn, item.site, FORECASTING, item.key)
    name = standing.id if standing is not None else f"{item.key}/{told.origin}"
    cause = Cause("forecast", name, values={"origin": told.origin.isoformat()})
    review = reviews.valid(conn, standing.id) if standing is not None else None
    if standing is None or review is None or standing.proposal is None:
        return 1.0, [cause]
    if review.verdict == "reject":
        return None, []
    said, was = float((review.proposal or standing.proposal)["units"]), float(standing.proposal["units"])
    return (said / was if was > 0 else 1.0), [cause]


def _short(item: Subject, one: Latent) -> Cause:
    values: dict[str, Value] = {
        "day": one.day.isoformat(),
        "share": round(one.share, 3),
        "sold": one.sold,
        "wanted": one.demand,
    }
    return Cause("availability", f"{item.key}/{one.day}", values=values)
