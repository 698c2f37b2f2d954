"""What came of work on machines: recorded by whoever did it, read by maintenance and by those who count false alarms."""

from typing import Annotated, Literal

from flask import Response
from pydantic import AwareDatetime, BaseModel, Field

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import GIVEN, Answer, Moment, answer
from central.api.problems import Problem
from central.deciding import waking
from central.errors import Refused
from central.floor import work_done
from central.floor.work_done import Outcome
from central.parts import parts
from central.store import work_orders
from protocols.codec import wire_time
from protocols.identity import NAME_PATTERN

blueprint = nouns.blueprint_for("work-orders")
blueprint.register_error_handler(Refused, lambda error: Problem(409, "not-recordable", str(error)).answer())
_END = r"(?![\s\S])"
Machine = Annotated[str, Field(pattern=NAME_PATTERN.replace(_END, "$"))]


class OutcomeBody(BaseModel, extra="forbid"):
    """`work_order`: the id of the accepted decision, or a name of one's own for work that nobody decided. `finding`: true
    (there was a fault), false (there was none), not_found (nobody could tell). `has_failed`: the machine had stopped by
    itself. `is_renewed`: what wears was replaced, so that its age begins again."""

    work_order: str = Field(min_length=1, max_length=64)
    machine: Machine
    finding: Literal["true", "false", "not_found"]
    done_at: Annotated[AwareDatetime, GIVEN]
    has_failed: bool = False
    is_renewed: bool = False
    note: str | None = Field(None, max_length=500)


class WorkOrderShape(Answer, frozen=True):
    """A work order that was carried out; `decision` null: nobody had decided it."""

    work_order: str
    machine: str
    decision: str | None
    finding: str
    has_failed: bool
    is_renewed: bool
    done_at: Moment
    recorded_at: Moment
    recorded_by: str
    note: str | None


class WorkOrdersShape(Answer, frozen=True):
    """Oldest first."""

    items: list[WorkOrderShape]


class RecordedShape(Answer, frozen=True):
    """`is_new` false: the same had been recorded before."""

    work_order: str
    is_new: bool


class WorkOrdersQuery(BaseModel, extra="forbid"):
    """One machine, if not all."""

    machine: Machine | None = None


class FalseAlarmsQuery(BaseModel, extra="forbid"):
    """The machine."""

    machine: Machine


class FalseAlarmsShape(Answer, frozen=True):
    """False alarms an asset-month of the last half year, by what was found; between `low` and `high` with probability
    `share`. null: nothing was observed."""

    machine: str
    months: float
    raised: int
    true: int
    false: int
    not_found: int
    per_month: float | None
    low: float | None
    high: float | None
    share: float


@blueprint.post("", summary="Record what came of a work order", responses={201: RecordedShape})
@needs("decisions:review")
def record(body: OutcomeBody) -> Response:
    """Once; the same a second time is answered alike. 409 names what does not fit."""
    running, now = parts(), parts().now()
    outcome = Outcome(**body.model_dump() | {"done_at": wire_time(body.done_at)})
    with running.writing() as conn:
        facts = work_done.record(conn, caller().site, outcome, f"token {caller().name}", now)
        waking.wake(conn, running.capabilities, facts, now)
    return answer(RecordedShape(work_order=body.work_order, is_new=bool(facts)), 201)


@blueprint.get("", summary="Work orders that were carried out", responses={200: WorkOrdersShape})
@needs("decisions:read")
def all_of(query: WorkOrdersQuery) -> Response:
    """Of the token's site."""
    with parts().reading() as conn:
        found = work_orders.all_of(conn, caller().site, query.machine)
    names = WorkOrderShape.model_fields
    return answer(WorkOrdersShape(items=[WorkOrderShape(**{name: getattr(each, name) for name in names}) for each in found]))


@blueprint.get("/false-alarms", summary="How often a machine's alarms were false", responses={200: FalseAlarmsShape})
@needs("decisions:read")
def false_alarms(query: FalseAlarmsQuery) -> Response:
    """By the findings of its work orders."""
    with parts().reading() as conn:
        found = work_done.false_alarms_of(conn, caller().site, query.machine, parts().now())
    return answer(FalseAlarmsShape(machine=query.machine, **vars(found)))
