"""Maintenance: woken by each changed condition of a machine, looked at again every hour."""

from datetime import UTC, datetime, timedelta

from central.capabilities.production.maintenance import checking, spans
from central.capabilities.production.maintenance.facts import (
    Asset,
    Crew,
    Health,
    Inputs,
    KnownLife,
    Minutes,
    Params,
    Part,
    WorkOrder,
)
from central.capabilities.production.maintenance.inputs import gather, machines_at
from central.capabilities.production.maintenance.model import decide
from central.deciding.capability import N_, Budget, Capability
from central.deciding.outcome import Cause

_NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)


def example() -> tuple[Inputs, Params]:
    """A pump in alarm since this morning beside a conveyor that is merely old; one crew, one bearing on the shelf."""
    evenings = _evenings(18, 22)
    pump = Asset(
        machine="pump-1",
        asset_class="pump",
        age_d=410.0,
        life_d=900.0,
        minutes=90,
        skills=("mechanical",),
        parts={"bearing-6204": 1},
        windows=evenings,
        breakdown_cost=4200.0,
        renewal_cost=650.0,
        health=Health(condition="alarm", since=_NOW - timedelta(hours=6), ratio=1.8, ratio_per_d=0.4),
        found_true=3,
        found_false=1,
    )
    conveyor = pump.model_copy(update={"machine": "conveyor-1", "asset_class": "conveyor", "age_d": 1100.0, "health": None})
    inputs = Inputs(
        as_of=_NOW,
        causes=(Cause("condition", "pump-1", "ear-01", 733, {"condition": "alarm", "as_of": _NOW.isoformat()}),),
        machine="pump-1",
        assets=(pump, conveyor),
        lives=(KnownLife(asset_class="conveyor", age_d=1300.0, has_failed=True),),
        crews=(Crew(crew="mechanics", skills=("mechanical",), shifts=_evenings(14, 22), overtime_per_h=35.0),),
        parts=(Part(part="bearing-6204", on_hand=1, lead_time_d=3.0, unit_cost=48.0),),
        production=_evenings(6, 18),
        stop_cost_per_h=380.0,
        currency="EUR",
    )
    return inputs, Params()


def _evenings(begin_h: int, end_h: int) -> Minutes:
    midnight = spans.minute_of(_NOW.replace(hour=0, minute=0))
    return tuple((midnight + day * 1440 + begin_h * 60, midnight + day * 1440 + end_h * 60) for day in range(4))


CARD = Capability(
    module=__name__,
    title=N_("Maintenance"),
    subject=N_("Machine"),
    subjects=machines_at,
    wakes_on={"machine_condition": "machine", "work_order": "machine"},
    schedule="23 * * * *",
    settle_s=2.0,
    params=Params,
    proposal=WorkOrder,
    gather=gather,
    decide=decide,
    heavy=Budget(time_s=60.0, memory_mb=1024),
    check=checking.check,
    price=checking.price,
    example=example,
    summary=N_("Work on {machine} by {crew}, {starts_at}"),
    adjustable=frozenset({"crew", "starts_at", "ends_at"}),
    reasons={
        "in_alarm": N_("In alarm since {since}; its score is {ratio} times its limit"),
        "in_warning": N_("In warning since {since}; its score is {ratio} times its limit"),
        "condition_normal": N_("Its sensors show nothing unusual: {ratio} times its limit"),
        "condition_unknown": N_("No device has spoken of its condition yet"),
        "sensor_in_doubt": N_("A sensor of it is in doubt, so that its readings say nothing about the machine"),
        "score_rises": N_("The score rises by {ratio_per_d} limits a day"),
        "alarms_true": N_("{share} of such alarms are faults, by {orders} work orders and what was believed before"),
        "age_among_kind": N_("{age_d} days in service; of its kind {failures} failed and {running} run or were renewed"),
        "age_by_maker": N_("{age_d} days in service; its maker lets half of them reach {life_d}"),
        "age_says_nothing": N_("{age_d} days in service; none of its kind has failed, and its maker's figure is missing"),
        "costs_compared": N_(
            "Chance of failing within {horizon_d} days: {chance}, on average {failing}; doing it early costs {early}"
        ),
        "waiting_is_cheaper": N_("Waiting is cheaper: {failing} on average within {horizon_d} days, against {early}"),
        "free_then": N_("{crew} is free, the machine may stop and its parts are there at {starts_at}"),
        "moved": N_("Moved from {previous_at}"),
        "part_ordered": N_("{part} must be ordered: {lead_time_d} days"),
        "order_waits": N_("Work is ordered for {starts_at}"),
        "rejected_lately": N_("A person said no within the last {respect_d} days, and no alarm came since"),
        "no_order_if_normal": N_("Its condition normal again: no order"),
        "no_deadline_if_false": N_("Fewer than {share} of such alarms true: it could wait"),
        "no_order_if_breakdown": N_("A breakdown that costs less than {breakdown}: no order"),
        "order_if_chance": N_("Chance of failing within {horizon_d} days above {chance}: an order"),
        "no_upkeep": N_("Its costs, skills and parts are not known: add it to the upkeep file"),
        "no_life_known": N_("Neither its condition nor how long its kind lives is known: add life_d to the upkeep file"),
        "no_room": N_("No crew, window and parts come together within {horizon_d} days"),
        "no_plan": N_("It should be seen to by {due_by}, and no plan keeps all of these rules:"),
        "keeps_window": N_("{name} stops in its windows only"),
        "keeps_shift": N_("{name} works in its shifts only"),
        "keeps_part": N_("{name} comes when it comes"),
        "keeps_deadline": N_("{name} is seen to by its deadline"),
        "keeps_skill": N_("{name} is worked on by crews with its skills only, and there is none"),
        "keeps_duration": N_("Work on {name} takes as long as it needs"),
        "keeps_span": N_("Work on {name} lies within the plan, and no earlier than its crew can be told"),
        "keeps_crew": N_("{name} is a crew of this site"),
        "keeps_skills": N_("{name} is worked on by crews with its skills only"),
        "keeps_one_at_a_time": N_("{name} does one job at a time"),
        "keeps_asked": N_("{name} is worked on when it needs it"),
        "mend_time": N_("Choose another time"),
        "mend_crew": N_("Choose another crew"),
        "mend_length": N_("Leave its length as it was proposed"),
        "mend_by_rejecting": N_("Reject it instead"),
        "no_way_out": N_("Giving up any of these rules does not help: look at skills, parts and the time it takes"),
        "way_out": N_("The cheapest way out costs {price} on top:"),
        "gives_window": N_("Stop {name} outside of its windows"),
        "gives_shift": N_("Let {name} work overtime"),
        "gives_part": N_("Have {name} sent by express"),
        "gives_deadline": N_("Let {name} wait beyond its deadline"),
        "gives_skill": N_("Find somebody else with the skills for {name}"),
    },
    causes={
        "condition": N_("Its newest condition, of {as_of}"),
        "age": N_("{asset_class}, {age_d} days in service"),
        "work_orders": N_("Work orders: {found_true} found a fault, {found_false} found none"),
        "part": N_("{part}: {on_hand} on hand"),
    },
    units={
        "machine": "text",
        "task": "text",
        "crew": "text",
        "starts_at": "instant",
        "ends_at": "instant",
        "parts": "text",
        "quantity": "units",
        "since": "instant",
        "ratio": "number",
        "ratio_per_d": "number",
        "share": "percent",
        "orders": "number",
        "age_d": "days",
        "life_d": "days",
        "failures": "number",
        "running": "number",
        "horizon_d": "days",
        "chance": "percent",
        "failing": "money",
        "early": "money",
        "previous_at": "instant",
        "part": "text",
        "lead_time_d": "days",
        "respect_d": "days",
        "breakdown": "money",
        "due_by": "instant",
        "name": "text",
        "price": "money",
        "currency": "text",
        "condition": "text",
        "as_of": "instant",
        "asset_class": "text",
        "found_true": "number",
        "found_false": "number",
        "on_hand": "units",
        "remaining_d": "days",
    },
    benchmark="rul",
    baseline="Renewal at a fixed age, and after every alarm as soon as somebody is free",
)
