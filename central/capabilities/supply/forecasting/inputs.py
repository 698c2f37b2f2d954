"""What is known about an item's demand: its newest forecast, when its shelf was seen empty, what is planned with now."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from central.capabilities.supply.forecasting.lessons import HIGH, LOW, WEEK_D, Days, Learned
from central.capabilities.supply.forecasting.model import Expected, Inputs, Params, Short, Week
from central.capabilities.supply.forecasting.panel_of_site import days_of, lead_days
from central.deciding.capability import Subject
from central.deciding.outcome import Cause, Realised, Value
from central.store import catalogue, demand, forecasts, latent_demand, promotions, reviews
from central.store.counts import counts
from central.store.decisions import Decision
from central.store.demand import daily_demand
from central.store.forecasts import Forecast, Stretch
from central.store.latent_demand import Latent

CAPABILITY = "supply.forecasting"
LATELY_D = 56
STALE_D = 8
AGREED_FOR_D = 28
KEPT_D = 400
LEAD_LEVEL = 0.95
MOST_COUNTS = 5


def items_at(conn: Connection, site: str) -> list[str]:
    """Every item that has a shelf at a site or was sold there in the last weeks that it sold anything."""
    placed = set(conn.execute(select(catalogue.shelves.c.sku).where(catalogue.shelves.c.site == site)).scalars())
    days = demand.trading_days(conn, site, date.max, LATELY_D)
    if not days:
        return sorted(placed)
    c = daily_demand.c
    sold = conn.execute(select(c.sku).where(c.site == site, c.day >= days[0], c.units > 0).distinct()).scalars()
    return sorted(placed | set(sold))


def lessons(conn: Connection, subject: Subject, params: Params, now: datetime) -> Days:
    """The site's days up to yesterday."""
    return days_of(conn, subject.site, params, now.astimezone(UTC).date())


def keep(conn: Connection, subject: Subject, body: str, now: datetime) -> None:
    """Forecasts by their origin and demand behind sales, as the night learned them; a real one is never overwritten."""
    learned = msgspec.json.decode(body, type=Learned)
    today = now.astimezone(UTC).date()
    told = [one for one in learned.forecasts if not one.is_backtest or not _has_real(conn, subject.site, one)]
    forecasts.put(conn, subject.site, told, now)
    forecasts.forget(conn, today - timedelta(days=KEPT_D))
    short = [Latent(one.sku, one.day, one.share, one.sold, one.demand) for one in learned.shortages]
    latent_demand.put(conn, subject.site, short)


def _has_real(conn: Connection, site: str, one: Forecast) -> bool:
    stored = forecasts.at_or_before(conn, site, one.sku, one.origin)
    return stored is not None and stored.origin == one.origin and not stored.is_backtest


def gather(conn: Connection, item: Subject, params: Params, now: datetime) -> Inputs:
    """Everything `decide` needs, as of `now`."""
    today = now.astimezone(UTC).date()
    since = today - timedelta(days=LATELY_D)
    told = forecasts.newest(conn, item.site, item.key)
    if told is not None and (told.is_backtest or (today - told.origin).days > STALE_D):
        told = None
    short = latent_demand.since(conn, item.site, item.key, since)
    sold, days_known = _sold(conn, item, today)
    agreed = _agreed(conn, item, now)
    return Inputs(
        as_of=now,
        causes=(*_causes(conn, item, told, short, sold), *_empty_counts(conn, item, short)),
        sku=item.key,
        days_known=days_known,
        expected=None if told is None else _expected(told, lead_days(conn, params).get(item.key, 1)),
        short=Short(days=len(short), sold=sum(one.sold for one in short), demand=sum(one.demand for one in short)),
        planned=sum(sold) / len(sold) if sold and agreed is None else agreed or 0.0,
        is_agreed=agreed is not None,
    )


def _sold(conn: Connection, item: Subject, today: date) -> tuple[list[float], int]:
    """Units on each of the last trading days since it was first sold, and how many days that is ago."""
    first = demand.first_day(conn, item.site, item.key) or date.max
    days = [day for day in demand.trading_days(conn, item.site, today, LATELY_D) if day >= first]
    if not days:
        return [], 0
    units = demand.units_by_day(conn, item.site, item.key, days[0], today)
    return [max(units.get(day, 0.0), 0.0) for day in days], (today - first).days


def _agreed(conn: Connection, item: Subject, now: datetime) -> float | None:
    """Units a day of the last forecast that a person let pass, while it is not too old."""
    passed = reviews.accepted(conn, item.site, CAPABILITY, item.key, now - timedelta(days=AGREED_FOR_D))
    if not passed:
        return None
    proposal = passed[-1][1]
    return float(proposal["units"]) / max(len(proposal["by_week"]) * WEEK_D, 1)


def _expected(told: Forecast, lead_d: int) -> Expected:
    lead = told.sum_of(lead_d) or min(
        (one for one in told.stretches if one.first == 0), key=lambda one: abs(one.last - lead_d)
    )
    return Expected(
        origin=told.origin,
        kind=told.kind,
        weeks=tuple(_week(told, each) for each in told.weeks),
        whole=_week(told, told.whole),
        lead_d=lead.last,
        lead_mean=lead.mean,
        lead_high=_quantile(told, lead, LEAD_LEVEL),
        parts=dict(told.parts),
        error_share=told.error_share,
        naive_error_share=told.naive_error_share,
        covered=told.covered,
    )


def _week(told: Forecast, stretch: Stretch) -> Week:
    return Week(mean=stretch.mean, low=_quantile(told, stretch, LOW), high=_quantile(told, stretch, HIGH))


def _quantile(told: Forecast, stretch: Stretch, level: float) -> float:
    nearest = min(range(len(told.levels)), key=lambda place: abs(told.levels[place] - level))
    return max(stretch.quantiles[nearest], 0.0)


def _causes(conn: Connection, item: Subject, told: Forecast | None, short: list[Latent], sold: list[float]) -> list[Cause]:
    causes = []
    if sold:
        values: dict[str, Value] = {"days": len(sold), "mean": round(sum(sold) / len(sold), 2)}
        causes.append(Cause("sales", item.key, values=values))
    if told is not None:
        causes.append(Cause("forecast", f"{item.key}/{told.origin}", values={"origin": told.origin.isoformat()}))
        until = told.origin + timedelta(days=told.whole.last - 1)
        causes += [
            Cause(
                "promotion",
                f"{item.key}/{one.from_day}",
                values={"from_day": one.from_day.isoformat(), "until_day": one.until_day.isoformat()},
            )
            for one in promotions.between(conn, item.site, told.origin, until, item.key)
        ]
    if short:
        last = short[-1]
        values = {"day": last.day.isoformat(), "share": round(last.share, 3), "sold": last.sold, "demand": last.demand}
        causes.append(Cause("availability", f"{item.key}/{last.day}", values=values))
    return causes


def _empty_counts(conn: Connection, item: Subject, short: list[Latent]) -> list[Cause]:
    """The newest counts that found the shelf empty on the last day it was short."""
    if not short:
        return []
    begun = datetime.combine(short[-1].day, datetime.min.time(), UTC)
    c = counts.c
    empty = (c.site == item.site, c.sku == item.key, c.units <= 0, c.wrong_at.is_(None))
    within = (c.counted_at >= begun, c.counted_at < begun + timedelta(days=1))
    query = select(c.id, c.location, c.units, c.counted_at, c.confidence, c.device, c.sequence).where(*empty, *within)
    return [_count(row) for row in conn.execute(query.order_by(c.counted_at.desc()).limit(MOST_COUNTS)).mappings()]


def _count(row: Any) -> Cause:
    seen = {"location": row["location"], "units": row["units"], "counted_at": row["counted_at"].isoformat()}
    return Cause("count", str(row["id"]), row["device"], row["sequence"], seen | {"confidence": row["confidence"]})


def realised(conn: Connection, decision: Decision) -> list[Realised]:
    """What was wanted in the days that a forecast was about, beside a flat mean of the past; empty until they end."""
    proposal = decision.proposal or {}
    first, until = date.fromisoformat(proposal["from_day"]), date.fromisoformat(proposal["until_day"])
    item = Subject(decision.site, decision.subject)
    days = demand.trading_days(conn, item.site, date.max, 1)
    if not days or days[-1] < until:
        return []
    came = demand.units_by_day(conn, item.site, item.key, first, until)
    missed = {one.day: one.demand for one in latent_demand.since(conn, item.site, item.key, first) if one.day < until}
    before, _ = _sold(conn, item, first)
    naive = sum(before) / max(len(before), 1) * (until - first).days
    wanted = sum((came | missed).values())
    return [Realised("units", wanted, round(naive, 1), datetime.combine(until, datetime.min.time(), UTC))]
