"""Whether one work order, the planner's or a person's, keeps the rules, and what it is expected to cost in all. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from central.capabilities.production.maintenance import checker, jobs, spans
from central.capabilities.production.maintenance.checker import Fault
from central.capabilities.production.maintenance.facts import Inputs, Params, WorkOrder
from central.capabilities.production.maintenance.problem import Placement, Problem
from central.capabilities.production.maintenance.spans import Span
from central.deciding.outcome import Money, Reason, Violation

_REMEDIES: Mapping[str, str] = MappingProxyType(
    {"duration": "mend_length", "crew": "mend_crew", "skills": "mend_crew", "asked": "mend_by_rejecting"}
)


def check(inputs: Inputs, order: WorkOrder, params: Params) -> list[Violation]:
    """The rules that an order breaks, beside the work that is fixed already; where an earlier plan put it, it may stay."""
    place = _placement(order)
    own = next((asset for asset in inputs.assets if asset.machine == order.machine), None)
    if own is not None and own.placed is not None and jobs.placement_of(own.placed) == place:
        return []
    found = checker.faults(_problem(inputs, order.machine, params), {order.machine: place})
    return [_violation(fault) for fault in found]


def price(inputs: Inputs, order: WorkOrder, params: Params) -> Money | None:
    """Labour, life thrown away, the risk of waiting for it, and what the stop costs; None when nobody asked for it."""
    asked = _problem(inputs, order.machine, params)
    place = _placement(order)
    stop_h = spans.minutes_shared(Span(place.begin, place.end), spans.joined(asked.production)) / 60
    waiting = next((job.cost_at(place.begin) for job in asked.jobs), None)
    return None if waiting is None else Money(round(waiting + stop_h * asked.stop_cost_per_h, 2), inputs.currency)


def _problem(inputs: Inputs, machine: str, params: Params) -> Problem:
    """The problem of this machine alone, as if it had no place yet."""
    assets = [asset.model_copy(update={"placed": None}) if asset.machine == machine else asset for asset in inputs.assets]
    asked = jobs.problem(inputs, params, [jobs.judged(asset, inputs, params) for asset in assets])
    return replace(asked, jobs=[job for job in asked.jobs if job.machine == machine])


def _placement(order: WorkOrder) -> Placement:
    return Placement(order.crew, spans.minute_of(order.starts_at), spans.minute_of(order.ends_at))


def _violation(fault: Fault) -> Violation:
    remedy = _REMEDIES.get(fault.rule, "mend_time")
    return Violation(Reason(f"keeps_{fault.rule}", name=fault.name), Reason(remedy, name=fault.name))
