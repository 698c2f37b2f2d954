"""Which machines need work, and what the plan is asked for. Pure; times in days unless a name says otherwise."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from central.capabilities.production.maintenance import risk, spans
from central.capabilities.production.maintenance.facts import Asset, Inputs, Minutes, Params, Part, Placed
from central.capabilities.production.maintenance.problem import Job, Placement, Problem, Stock, Team
from central.capabilities.production.maintenance.risk import Fault, Outlook
from central.capabilities.production.maintenance.spans import Span
from central.methods.survival import Life

DAY_MINUTES = 1440
MUST_ABOVE = 0.4  # chance that an alarm is true, from which its deadline binds

Standing = Literal["ordered", "rejected", "open"]


@dataclass(frozen=True)
class Judged:
    """One machine weighed up. early_cost: of doing it now (labour and life thrown away); chance: of failing within the plan.

    failures, running: of its kind, in `Outlook.kind`."""

    asset: Asset
    outlook: Outlook
    chance: float
    early_cost: float
    standing: Standing
    due_by: datetime | None
    failures: int
    running: int

    @property
    def failing_cost(self) -> float:
        """What not doing it is expected to cost within the plan."""
        return self.chance * self.asset.breakdown_cost

    @property
    def is_known(self) -> bool:
        """Whether anything is known of when it fails."""
        return self.outlook.kind is not None or is_believable(self.asset)

    @property
    def needs_work(self) -> bool:
        """Whether work is worth it and nobody has said no."""
        is_worth = self.early_cost < self.failing_cost or self.due_by is not None
        return self.standing == "open" and self.is_known and is_worth


def is_believable(asset: Asset) -> bool:
    """Whether the sensors say anything about the machine: a sensor in doubt says nothing."""
    return asset.health is not None and asset.health.condition != "sensor"


def judged(asset: Asset, inputs: Inputs, params: Params) -> Judged:
    """What a machine's age and sensors mean, in chances and money."""
    lives = [life for life in inputs.lives if life.asset_class == asset.asset_class]
    kind = risk.kind_of([Life(each.age_d, each.has_failed) for each in lives], asset.life_d, params.believed_shape)
    outlook = Outlook(asset.age_d, kind, _fault(asset, inputs.as_of, params))
    failures = sum(life.has_failed for life in lives)
    return Judged(
        asset=asset,
        outlook=outlook,
        chance=outlook.failure_within(params.horizon_d),
        early_cost=_early_cost(asset, outlook, params),
        standing=_standing(asset, inputs.as_of, params),
        due_by=_due_by(asset, outlook, inputs.as_of, params),
        failures=failures,
        running=len(lives) - failures,
    )


def problem(inputs: Inputs, params: Params, found: Iterable[Judged]) -> Problem:
    """What the plan is asked for: the jobs that are not fixed yet, among what is."""
    begin = spans.minute_of(inputs.as_of + timedelta(hours=params.least_notice_h))
    end = spans.minute_of(inputs.as_of + timedelta(days=params.horizon_d))
    every = tuple(found)
    fixed = [one.asset for one in every if is_fixed(one, inputs.as_of, params)]
    free = [one for one in every if one.needs_work and one.asset not in fixed]
    return Problem(
        begin=begin,
        end=end,
        jobs=[_job(one, inputs.as_of) for one in free],
        teams=_teams(inputs, fixed),
        stocks={part.part: _stock(part, fixed, inputs.as_of) for part in inputs.parts},
        production=_spans(inputs.production),
        stop_cost_per_h=inputs.stop_cost_per_h,
        change_cost=params.change_cost,
    )


def is_fixed(one: Judged, as_of: datetime, params: Params) -> bool:
    """Whether its time is no longer the plan's to choose: ordered, or proposed for the near future and still needed."""
    placed = one.asset.placed
    if placed is None:
        return False
    frozen_until = spans.minute_of(as_of + timedelta(hours=params.frozen_h))
    is_near = spans.minute_of(as_of) <= placed.begin < frozen_until
    return placed.is_ordered or (is_near and one.needs_work)


def placement_of(placed: Placed) -> Placement:
    """Where an earlier plan put it."""
    return Placement(placed.crew, placed.begin, placed.end)


def _fault(asset: Asset, as_of: datetime, params: Params) -> Fault | None:
    health = asset.health
    if health is None or health.condition not in ("warning", "alarm"):
        return None
    median_d = params.alarm_pf_d if health.condition == "alarm" else params.warning_pf_d
    pf_d = risk.days_to_failure(median_d, health.ratio, health.ratio_per_d, params.failure_ratio)
    seen_for_d = max((as_of - (health.since or as_of)) / timedelta(days=1), 0.0)
    # What was seen a long time ago and has not failed is an old fault, not one that must fail this minute.
    return Fault(min(seen_for_d, pf_d), pf_d, risk.chance_true(asset.found_true, asset.found_false, params.believed_true))


def _early_cost(asset: Asset, outlook: Outlook, params: Params) -> float:
    labour = asset.minutes / 60 * params.labour_per_h
    if outlook.fault is not None:
        return labour
    left_d = outlook.remaining_d(0.5)
    return labour + asset.renewal_cost * left_d / max(asset.age_d + left_d, 1e-9)


def _standing(asset: Asset, as_of: datetime, params: Params) -> Standing:
    if asset.placed is not None and asset.placed.is_ordered:
        return "ordered"
    if asset.rejected_at is None or as_of - asset.rejected_at > timedelta(days=params.respect_d):
        return "open"
    since = asset.health.since if asset.health and asset.health.condition == "alarm" else None
    return "open" if since is not None and since > asset.rejected_at else "rejected"


def _due_by(asset: Asset, outlook: Outlook, as_of: datetime, params: Params) -> datetime | None:
    """When a likely fault must be seen to; once that has passed, within a day and the notice that a crew needs."""
    if outlook.fault is None or asset.health is None or asset.health.condition != "alarm":
        return None
    if outlook.fault.chance_true < MUST_ABOVE:
        return None
    within = timedelta(hours=params.alarm_within_h)
    return max(min(asset.health.since or as_of, as_of) + within, as_of + timedelta(hours=params.least_notice_h, days=1))


def _job(one: Judged, as_of: datetime) -> Job:
    now = spans.minute_of(as_of)

    def cost_at(minute: int) -> float:
        return one.early_cost + one.outlook.failure_within((minute - now) / DAY_MINUTES) * one.asset.breakdown_cost

    return Job(
        machine=one.asset.machine,
        minutes=one.asset.minutes,
        skills=frozenset(one.asset.skills),
        parts=one.asset.parts,
        windows=_spans(one.asset.windows),
        cost_at=cost_at,
        cost_of_leaving=one.failing_cost,
        due_by=None if one.due_by is None else spans.minute_of(one.due_by),
        previous=None if one.asset.placed is None else placement_of(one.asset.placed),
    )


def _teams(inputs: Inputs, fixed: Sequence[Asset]) -> list[Team]:
    busy = [asset.placed for asset in fixed if asset.placed is not None]
    crews = {crew.crew: crew for crew in inputs.crews}
    return [
        Team(
            crew=crew.crew,
            skills=frozenset(crew.skills),
            shifts=_spans(crew.shifts),
            busy=[Span(placed.begin, placed.end) for placed in busy if placed.crew == crew.crew],
            overtime_per_h=crew.overtime_per_h,
        )
        for crew in crews.values()
    ]


def _stock(part: Part, fixed: Sequence[Asset], as_of: datetime) -> Stock:
    """What is left of a part once fixed work has taken its share."""
    reserved = sum(asset.parts.get(part.part, 0) for asset in fixed)
    express = part.express_lead_time_d
    return Stock(
        part=part.part,
        on_hand=part.on_hand - reserved,
        arrives_at=spans.minute_of(as_of + timedelta(days=part.lead_time_d)),
        express_at=None if express is None else spans.minute_of(as_of + timedelta(days=express)),
        express_cost=part.express_cost,
    )


def _spans(stretches: Minutes) -> list[Span]:
    return spans.joined(Span(*stretch) for stretch in stretches)
