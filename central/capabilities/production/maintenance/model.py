"""When work on a machine is worth it and when it is done: risk against cost, placed by one plan over all machines of a site.

Risk is in `risk.py`, what the plan is asked for in `jobs.py`, the plan in `plan.py`. A machine's own decision is its part of
that plan: every machine's decision is made from the same inputs, so that their parts fit together. An independent checker
passes every plan before anything is proposed. Money in the currency of the upkeep file, times in days.
"""

from datetime import datetime, timedelta

from central.capabilities.production.maintenance import checker, explaining, jobs, spans
from central.capabilities.production.maintenance.facts import Inputs, Params, WorkOrder
from central.capabilities.production.maintenance.jobs import Judged
from central.capabilities.production.maintenance.plan import Plan, planned
from central.capabilities.production.maintenance.problem import Placement
from central.deciding.outcome import Interval, Money, Outcome, Reason

SHARE = 0.9


class BrokenPlan(ValueError):
    """The checker found faults in a plan: nothing of it is proposed."""


def decide(inputs: Inputs, params: Params) -> Outcome[WorkOrder]:
    """A work order, nothing while waiting is cheaper, or what is missing to tell."""
    every = {asset.machine: jobs.judged(asset, inputs, params) for asset in inputs.assets}
    own = every.get(inputs.machine)
    if own is None:
        return Outcome.undecided(Reason("no_upkeep"))
    why = explaining.evidence(own, inputs, params)
    if own.standing == "ordered" and own.asset.placed is not None:
        return Outcome.nothing(Reason("order_waits", starts_at=_text(spans.moment_of(own.asset.placed.begin))), *why)
    if not own.is_known:
        return Outcome.undecided(Reason("no_life_known"), *why)
    if own.standing == "rejected":
        return Outcome.nothing(Reason("rejected_lately", respect_d=params.respect_d), *why)
    if not own.needs_work:
        return _waiting(own, inputs, params, why)
    return _placed(own, list(every.values()), inputs, params, why)


def _waiting(own: Judged, inputs: Inputs, params: Params, why: tuple[Reason, ...]) -> Outcome[WorkOrder]:
    cheaper = Reason("waiting_is_cheaper", **explaining.costs(own, inputs, params))
    chance = own.early_cost / own.asset.breakdown_cost if own.asset.breakdown_cost else 1.0
    would = (Reason("order_if_chance", chance=round(chance, 4), horizon_d=params.horizon_d),) if chance < 1 else ()
    rest = [reason for reason in why if reason.code != "costs_compared"]  # the first reason compares them
    return Outcome.nothing(cheaper, *rest, would_change=would)


def _placed(own: Judged, every: list[Judged], inputs: Inputs, params: Params, why: tuple[Reason, ...]) -> Outcome[WorkOrder]:
    if own.asset.placed is not None and jobs.is_fixed(own, inputs.as_of, params):
        return _order(own, jobs.placement_of(own.asset.placed), inputs, params, why)
    problem = jobs.problem(inputs, params, every)
    plan = planned(problem)
    if found := checker.faults(problem, plan.placed, are_deadlines_binding=not plan.conflict):
        raise BrokenPlan("; ".join(map(str, found)))
    place = plan.placed.get(own.asset.machine)
    if place is None or _is_late(own, place):
        return Outcome.undecided(*_no_place(own, plan, inputs, params), *why)
    return _order(own, place, inputs, params, why)


def _is_late(own: Judged, place: Placement) -> bool:
    return own.due_by is not None and spans.moment_of(place.begin) > own.due_by


def _no_place(own: Judged, plan: Plan, inputs: Inputs, params: Params) -> list[Reason]:
    if own.due_by is None or not plan.conflict:
        return [Reason("no_room", horizon_d=params.horizon_d)]
    return explaining.collision(plan, inputs.currency, _text(own.due_by))


def _order(own: Judged, place: Placement, inputs: Inputs, params: Params, why: tuple[Reason, ...]) -> Outcome[WorkOrder]:
    starts_at, ends_at = spans.moment_of(place.begin), spans.moment_of(place.end)
    order = WorkOrder(
        machine=own.asset.machine,
        task="inspect" if own.outlook.fault else "renew",
        crew=place.crew,
        starts_at=starts_at,
        ends_at=ends_at,
        parts=own.asset.parts,
    )
    return Outcome.propose(
        order,
        *why,
        *explaining.choice(own, place, inputs),
        would_change=explaining.would_change(own, inputs),
        effect=Money(round(_price(own, inputs, params), 2), inputs.currency),
        confidence=round(own.outlook.fault.chance_true, 3) if own.outlook.fault else None,
        interval=_interval(own),
        approve_by=max(starts_at - timedelta(hours=params.least_notice_h), min(starts_at, inputs.as_of)),
    )


def _price(own: Judged, inputs: Inputs, params: Params) -> float:
    """Labour and parts."""
    unit_cost = {part.part: part.unit_cost for part in inputs.parts}
    parts = sum(quantity * unit_cost.get(part, 0.0) for part, quantity in own.asset.parts.items())
    return own.asset.minutes / 60 * params.labour_per_h + parts


def _interval(own: Judged) -> Interval:
    low, high = (own.outlook.remaining_d(share) for share in ((1 - SHARE) / 2, (1 + SHARE) / 2))
    return Interval("remaining_d", round(low, 1), round(high, 1), SHARE)


def _text(moment: datetime) -> str:
    return moment.isoformat()
