"""What is known of a site's machines: upkeep, condition, trend, work orders, crews, parts, hours; each with its fact."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from central.capabilities.production.maintenance import spans, trend
from central.capabilities.production.maintenance.facts import (
    MOST_MONEY,
    Asset,
    Crew,
    Health,
    Inputs,
    KnownLife,
    Minutes,
    Params,
    Part,
    Placed,
)
from central.capabilities.production.maintenance.spans import Span
from central.deciding.capability import Subject
from central.deciding.outcome import Cause, Value
from central.store import conditions, decisions, reviews, upkeep, work_orders
from central.store.decisions import Decision
from central.store.readings import asset_minutes
from central.store.upkeep import MachineUpkeep, MaintenanceWindow, ProductionCalendar, SparePart
from central.store.work_orders import WorkOrder

CAPABILITY = "production.maintenance"
TREND_D = 14
ORDERS_KNOWN_D = 400
_HOUR = 13  # characters of an instant that name its hour


def machines_at(conn: Connection, site: str) -> list[str]:
    """Every machine of a site that the upkeep file names."""
    return [each.machine for each in upkeep.all_of(conn, MachineUpkeep, site)]


def gather(conn: Connection, machine: Subject, params: Params, now: datetime) -> Inputs:
    """Everything `decide` needs, as of `now`."""
    site = machine.site
    known = upkeep.all_of(conn, MachineUpkeep, site)
    done = work_orders.all_of(conn, site)
    calendar = _calendar(conn, site)
    ahead = _Hours(calendar, now, params.horizon_d)
    assets = [_asset(conn, each, _Record(known, done), ahead, now) for each in known]
    own = next((asset for asset in assets if asset.machine == machine.key), None)
    parts = upkeep.all_of(conn, SparePart, site)
    return Inputs(
        as_of=now,
        causes=() if own is None else _causes(conn, site, own, parts),
        machine=machine.key,
        assets=tuple(assets),
        lives=tuple(_lives(known, done, now)),
        crews=tuple(_crew(crew, ahead) for crew in upkeep.all_of(conn, upkeep.Crew, site)),
        parts=tuple(_part(part) for part in parts),
        production=ahead.production(),
        stop_cost_per_h=min(calendar.stop_cost_per_h, MOST_MONEY),
        currency=next((each.currency for each in known), "EUR"),
    )


class _Record:
    """What was found at machines, by machine and by class."""

    def __init__(self, known: Iterable[MachineUpkeep], done: Sequence[WorkOrder]) -> None:
        classes = {each.machine: each.asset_class for each in known}
        self.renewed_at = {order.machine: order.done_at for order in done if order.is_renewed}
        self.findings = Counter((classes.get(order.machine), order.finding) for order in done if order.decision is not None)
        self.closed = {order.decision for order in done}


class _Hours:
    """The weekly hours of a site as stretches of the time that a plan looks ahead."""

    def __init__(self, calendar: ProductionCalendar, now: datetime, horizon_d: float) -> None:
        self._calendar = calendar
        self._between = Span(spans.minute_of(now), spans.minute_of(now + timedelta(days=horizon_d)))
        self._zone: tzinfo = UTC if calendar.zone == "UTC" else ZoneInfo(calendar.zone)

    def of(self, hours: Sequence[object]) -> list[Span]:
        """Hours of a week."""
        return spans.of_week(hours, self._between, self._zone)

    def windows(self, machine: str, known: Iterable[MaintenanceWindow]) -> Minutes:
        """When a machine may stop: its windows and closed days, but not busy days."""
        mine = [each for each in known if each.machines is None or machine in each.machines]
        open_hours = [span for each in mine for span in self.of(each.hours)]
        found = spans.without([*open_hours, *self._days(self._calendar.closed)], self._days(self._calendar.busy))
        return tuple((span.begin, span.end) for span in spans.shared([self._between], found))

    def production(self) -> Minutes:
        """When the site produces."""
        found = spans.without(self.of(self._calendar.hours), self._days(self._calendar.closed))
        return tuple((span.begin, span.end) for span in found)

    def _days(self, days: Iterable[str]) -> list[Span]:
        return [spans.of_day(date.fromisoformat(day), self._zone) for day in days]


def _calendar(conn: Connection, site: str) -> ProductionCalendar:
    found = upkeep.all_of(conn, ProductionCalendar, site)
    return found[0] if found else ProductionCalendar(site=site)


def _asset(conn: Connection, known: MachineUpkeep, record: _Record, ahead: _Hours, now: datetime) -> Asset:
    since = record.renewed_at.get(known.machine, known.in_service_since)
    placed, rejected_at = _standing(conn, known, record, now)
    return Asset(
        machine=known.machine,
        asset_class=known.asset_class,
        age_d=_days(since, now),
        life_d=known.life_d,
        minutes=round(known.hours * 60),
        skills=tuple(known.skills),
        parts=known.parts,
        windows=ahead.windows(known.machine, upkeep.all_of(conn, MaintenanceWindow, known.site)),
        breakdown_cost=known.breakdown_cost,
        renewal_cost=known.renewal_cost,
        health=_health(conn, known.site, known.machine, now),
        found_true=record.findings[known.asset_class, "true"],
        found_false=record.findings[known.asset_class, "false"],
        placed=placed,
        rejected_at=rejected_at,
    )


def _standing(
    conn: Connection, known: MachineUpkeep, record: _Record, now: datetime
) -> tuple[Placed | None, datetime | None]:
    """Where its work stands already, and when a person last said no."""
    about = (known.site, CAPABILITY, known.machine)
    ordered = reviews.accepted(conn, *about, now - timedelta(days=ORDERS_KNOWN_D))
    waiting = [proposal for review, proposal in ordered if review.decision not in record.closed]
    if waiting:
        return _placed(waiting[-1], True), None
    stands = decisions.standing(conn, *about)
    if stands is None or stands.proposal is None:
        return None, None
    if stands.state == "rejected":
        return None, _rejected_at(conn, stands)
    return (_placed(stands.proposal, False) if stands.state == "proposed" else None), None


def _rejected_at(conn: Connection, decision: Decision) -> datetime | None:
    review = reviews.valid(conn, decision.id)
    return None if review is None else review.reviewed_at


def _placed(proposal: dict[str, object], is_ordered: bool) -> Placed:
    begin, end = (spans.minute_of(datetime.fromisoformat(str(proposal[name]))) for name in ("starts_at", "ends_at"))
    return Placed(crew=str(proposal["crew"]), begin=begin, end=end, is_ordered=is_ordered)


def _health(conn: Connection, site: str, machine: str, now: datetime) -> Health | None:
    row = conditions.of(conn, site, {machine}).get(machine)
    if row is None:
        return None
    return Health(
        condition=row["condition"],
        since=row["since"],
        ratio=_ratio(row["score"], row["limit"]),
        ratio_per_d=trend.slope(_ratios(conn, site, machine, now)),
    )


def _ratios(conn: Connection, site: str, machine: str, now: datetime) -> list[tuple[float, float]]:
    """(days ago as a negative number, score as a multiple of its limit), one an hour in which it ran."""
    c = asset_minutes.c
    hour = func.substr(c.started_at, 1, _HOUR)
    wanted = (c.site == site, c.asset == machine, c.started_at >= now - timedelta(days=TREND_D), c.limit > 0)
    rows = conn.execute(select(func.min(c.started_at), func.avg(c.score / c.limit)).where(*wanted).group_by(hour))
    return [(-_days(started_at, now), ratio) for started_at, ratio in rows]


def _ratio(score: float, limit: float) -> float:
    return min(max(score / limit, 0.0), 1e6) if limit > 0 else 0.0


def _lives(known: Iterable[MachineUpkeep], done: Sequence[WorkOrder], now: datetime) -> list[KnownLife]:
    """Each life of each machine, from its begin to its failure, its renewal or today."""
    of_machine: dict[str, list[WorkOrder]] = defaultdict(list)
    for order in done:
        of_machine[order.machine].append(order)
    lives = []
    for each in known:
        began = each.in_service_since
        for order in of_machine[each.machine]:
            if order.is_renewed:
                lives.append(
                    KnownLife(asset_class=each.asset_class, age_d=_days(began, order.done_at), has_failed=order.has_failed)
                )
                began = order.done_at
        lives.append(KnownLife(asset_class=each.asset_class, age_d=_days(began, now), has_failed=False))
    return lives


def _crew(crew: upkeep.Crew, ahead: _Hours) -> Crew:
    shifts = tuple((span.begin, span.end) for span in ahead.of(crew.shifts))
    return Crew(crew=crew.crew, skills=tuple(crew.skills), shifts=shifts, overtime_per_h=crew.overtime_per_h)


def _part(part: SparePart) -> Part:
    names = [name for name in Part.model_fields if name != "site"]
    return Part(**{name: getattr(part, name) for name in names})


def _causes(conn: Connection, site: str, own: Asset, parts: Iterable[SparePart]) -> tuple[Cause, ...]:
    age: dict[str, Value] = {"age_d": round(own.age_d, 1), "asset_class": own.asset_class}
    causes = [Cause("age", own.machine, values=age)]
    row = conditions.of(conn, site, {own.machine}).get(own.machine)
    if row is not None:
        told: dict[str, Value] = {"condition": row["condition"], "as_of": row["as_of"].isoformat()}
        causes.insert(0, Cause("condition", own.machine, row["device"], row["sequence"], told))
    if own.found_true + own.found_false:
        found: dict[str, Value] = {"found_true": own.found_true, "found_false": own.found_false}
        causes.append(Cause("work_orders", own.asset_class, values=found))
    needed = [part for part in parts if part.part in own.parts]
    causes += [Cause("part", part.part, values={"part": part.part, "on_hand": part.on_hand}) for part in needed]
    return tuple(causes)


def _days(since: datetime, until: datetime) -> float:
    return min(max((until - since) / timedelta(days=1), 0.0), 36_500.0)
