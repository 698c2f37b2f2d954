"""Why a machine is worked on or left alone, as codes with values. Pure."""

from central.capabilities.production.maintenance import spans
from central.capabilities.production.maintenance.facts import Inputs, Params
from central.capabilities.production.maintenance.jobs import MUST_ABOVE, Judged
from central.capabilities.production.maintenance.plan import Plan
from central.capabilities.production.maintenance.problem import Placement
from central.deciding.outcome import Reason, Value


def evidence(own: Judged, inputs: Inputs, params: Params) -> tuple[Reason, ...]:
    """What is known of the machine, worst first."""
    compared = Reason("costs_compared", **costs(own, inputs, params))
    return (*_condition(own), *_age(own), *([compared] if own.is_known else []))


def costs(own: Judged, inputs: Inputs, params: Params) -> dict[str, Value]:
    """What failing and what doing it early is expected to cost."""
    return {
        "chance": round(own.chance, 4),
        "failing": round(own.failing_cost, 2),
        "early": round(own.early_cost, 2),
        "horizon_d": params.horizon_d,
        "currency": inputs.currency,
    }


def _condition(own: Judged) -> list[Reason]:
    health = own.asset.health
    if health is None:
        return [Reason("condition_unknown")]
    if health.condition == "sensor":
        return [Reason("sensor_in_doubt")]
    if own.outlook.fault is None:
        return [Reason("condition_normal", ratio=round(health.ratio, 2))]
    since = health.since.isoformat() if health.since else None
    found = [Reason(f"in_{health.condition}", since=since, ratio=round(health.ratio, 2))]
    if health.ratio_per_d is not None and health.ratio_per_d > 0:
        found.append(Reason("score_rises", ratio_per_d=round(health.ratio_per_d, 3)))
    orders = own.asset.found_true + own.asset.found_false
    share = round(own.outlook.fault.chance_true, 3)
    return [*found, Reason("alarms_true", share=share, orders=orders)]


def _age(own: Judged) -> list[Reason]:
    age_d = round(own.asset.age_d, 1)
    if own.failures:
        return [Reason("age_among_kind", age_d=age_d, failures=own.failures, running=own.running)]
    if own.asset.life_d is not None:
        return [Reason("age_by_maker", age_d=age_d, life_d=own.asset.life_d)]
    return [Reason("age_says_nothing", age_d=age_d)]


def choice(own: Judged, place: Placement, inputs: Inputs) -> list[Reason]:
    """Why then, by them, and what has to be fetched."""
    begin = spans.moment_of(place.begin)
    found = [Reason("free_then", crew=place.crew, starts_at=begin.isoformat())]
    before = own.asset.placed
    if before is not None and before.begin != place.begin:
        found.append(Reason("moved", previous_at=spans.moment_of(before.begin).isoformat()))
    known = {part.part: part for part in inputs.parts}
    for part, quantity in own.asset.parts.items():
        if part in known and known[part].on_hand < quantity:
            found.append(Reason("part_ordered", part=part, lead_time_d=known[part].lead_time_d))
    return found


def would_change(own: Judged, inputs: Inputs) -> tuple[Reason, ...]:
    """What would make it another decision."""
    reasons = []
    if own.outlook.fault is not None:
        reasons.append(Reason("no_order_if_normal"))
    if own.due_by is not None:
        reasons.append(Reason("no_deadline_if_false", share=MUST_ABOVE))
    elif own.chance > 0:
        threshold = round(own.early_cost / own.chance, 2)
        reasons.append(Reason("no_order_if_breakdown", breakdown=threshold, currency=inputs.currency))
    return tuple(reasons)


def collision(plan: Plan, currency: str, due_by: str) -> list[Reason]:
    """Which rules cannot be kept together, and the cheapest way out."""
    reasons = [Reason("no_plan", due_by=due_by), *(Reason(f"keeps_{rule.kind}", name=rule.name) for rule in plan.conflict)]
    if plan.price is None or not plan.way_out:
        return [*reasons, Reason("no_way_out")]
    ways = [Reason(f"gives_{rule.kind}", name=rule.name) for rule in plan.way_out]
    return [*reasons, Reason("way_out", price=round(max(plan.price, 0.0), 2), currency=currency), *ways]
