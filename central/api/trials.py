"""How a capability does and what it may do alone: the past with other rules, challengers, value added, the autopilot."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import GIVEN, Answer, Moment, answer
from central.api.capabilities import CapabilityPath, card_named
from central.api.problems import Problem, of_validation
from central.deciding import autopilot as limits
from central.deciding import contest, outturn, replaying, value_added
from central.errors import Refused
from central.parts import parts
from central.store import autopilot
from central.store.autopilot import Rule
from protocols.codec import wire_time

blueprint = nouns.blueprint_for("capabilities", "trials")
blueprint.register_error_handler(Refused, lambda error: Problem(409, "rules-refused", str(error)).answer())


class ReplayBody(BaseModel, extra="forbid"):
    """Values in place of those that hold, and which past decisions."""

    values: dict[str, Any] = Field(default_factory=dict)
    since: Annotated[AwareDatetime, GIVEN]
    until: Annotated[AwareDatetime, GIVEN]
    subject: str | None = Field(None, max_length=64)


class RetoldShape(Answer, frozen=True):
    """A past decision that would have been another one."""

    decision: str
    subject: str
    decided_at: Moment
    state: str
    proposal: dict[str, Any] | None
    would_state: str
    would_proposal: dict[str, Any] | None


class ReplayShape(Answer, frozen=True):
    """Of `decisions` that could be thought again, those that differ; `unreadable`: of an older version; `left`: no time."""

    decisions: int
    unreadable: int
    left: int
    effect_was: dict[str, float]
    effect_would: dict[str, float]
    different: list[RetoldShape]


class DaysQuery(BaseModel, extra="forbid"):
    """How far back."""

    days: int = Field(180, ge=1, le=1100)


class ValueRow(Answer, frozen=True):
    """Losses of naive rule, model and what was done; `people_added` below zero: the changes cost."""

    subject: str | None
    period: str | None
    numbers: int
    changed: int
    helped: int
    naive_loss: float
    model_loss: float
    final_loss: float
    model_added: float
    people_added: float


class ValueAddedShape(Answer, frozen=True):
    """In `currency`, else in units; `flagged`: subjects whose changes lost three periods running."""

    is_told: bool
    currency: str | None
    whole: ValueRow
    subjects: list[ValueRow]
    periods: list[ValueRow]
    flagged: list[str]


class ChallengerShape(Answer, frozen=True):
    """Who acts, who is in shadow, and how they compare at this site over the last days."""

    acts: str
    in_shadow: str | None
    comparison: dict[str, Any] | None


class VerdictBody(BaseModel, extra="forbid"):
    """A person's word, and why."""

    verdict: Literal["promoted", "rejected", "reopened"]
    reason: str = Field(min_length=1, max_length=500)


class AutopilotBody(BaseModel, extra="forbid"):
    """What may be approved alone. Money in `currency`; the quantity is the field that the card names."""

    is_on: bool
    most_effect: float = Field(ge=0, le=1e9)
    most_effect_a_day: float = Field(ge=0, le=1e9)
    currency: str = Field(pattern="^[A-Z]{3}$")
    most_quantity: float | None = Field(None, ge=0)
    least_confidence: float = Field(0.0, ge=0, le=1)
    undo_minutes: float = Field(15.0, gt=0, le=1440)
    pause_after: int = Field(3, ge=1, le=1000)


class AutopilotShape(Answer, frozen=True):
    """The rule at the token's site, null where nobody set one; `stopped_by`: who stopped every autopilot of the house."""

    rule: AutopilotBody | None
    is_active: bool
    taken_back: int
    stopped_by: str | None


class SwitchBody(BaseModel, extra="forbid"):
    """True: no autopilot of the house approves anything."""

    is_stopped: bool


@blueprint.post("/<name>/replay", summary="What would have been decided by other rules", responses={200: ReplayShape})
@needs("decisions:read")
def replay(path: CapabilityPath, body: ReplayBody) -> Response:
    """Nothing is written."""
    card = card_named(path.name)
    since, until = wire_time(body.since), wire_time(body.until)
    question = replaying.Question(site=caller().site, since=since, until=until, values=body.values, subject=body.subject)
    try:
        with parts().reading() as conn:
            found = replaying.replay(conn, card, question)
    except ValidationError as error:
        raise of_validation(error, "/values") from error
    return answer(
        ReplayShape(
            decisions=len(found.retold),
            unreadable=found.unreadable,
            left=found.left,
            effect_was=dict(found.effect_was),
            effect_would=dict(found.effect_would),
            different=[_retold(each) for each in found.different],
        )
    )


@blueprint.get("/<name>/value-added", summary="Whether changes were worth it", responses={200: ValueAddedShape})
@needs("decisions:read")
def added(path: CapabilityPath, query: DaysQuery) -> Response:
    """Naive rule, model and people against what came."""
    card, now = card_named(path.name), parts().now()
    with parts().reading() as conn:
        found = value_added.report(outturn.compared(conn, card, caller().site, now - timedelta(days=query.days), now))
    return answer(
        ValueAddedShape(
            is_told=card.realised is not None,
            currency=found.currency,
            whole=_value(found.whole),
            subjects=[_value(row) for row in found.subjects],
            periods=[_value(row) for row in found.periods],
            flagged=sorted(found.flagged),
        )
    )


@blueprint.get("/<name>/challenger", summary="Champion against challenger", responses={200: ChallengerShape})
@needs("decisions:read")
def challenger(path: CapabilityPath, query: DaysQuery) -> Response:
    """On the same inputs; what is in shadow never acted."""
    card = card_named(path.name)
    with parts().reading() as conn:
        seats = contest.seats(conn, card)
        found = contest.comparison(conn, card, caller().site, parts().now() - timedelta(days=query.days))
    return answer(ChallengerShape(**vars(seats), comparison=vars(found) if found else None))


@blueprint.post("/<name>/challenger", summary="Promote or reject a challenger", responses={200: ChallengerShape})
@needs("params:write")
def judge(path: CapabilityPath, body: VerdictBody) -> Response:
    """409 when nothing would change."""
    card = card_named(path.name)
    with parts().writing() as conn:
        contest.judge(conn, card, body.verdict, body.reason, f"token {caller().name}", parts().now())
        seats = contest.seats(conn, card)
    return answer(ChallengerShape(**vars(seats), comparison=None))


@blueprint.get("/<name>/autopilot", summary="What a capability may approve alone", responses={200: AutopilotShape})
@needs("decisions:read")
def autopilot_of(path: CapabilityPath) -> Response:
    """Nothing, while there is no rule."""
    return _autopilot(path.name)


@blueprint.put("/<name>/autopilot", summary="Set what may be approved alone", responses={200: AutopilotShape})
@needs("params:write")
def set_autopilot(path: CapabilityPath, body: AutopilotBody) -> Response:
    """Unpaused from now on."""
    card, now = card_named(path.name), parts().now()
    said = body.model_dump() | {"site": caller().site, "capability": card.name}
    with parts().writing() as conn:
        limits.change(conn, card, Rule(**said, changed_by=f"token {caller().name}", changed_at=now))
    return _autopilot(card.name)


@blueprint.put("/autopilot", summary="Stop or release every autopilot", responses={204: None})
@needs("params:write")
def switch(body: SwitchBody) -> Response:
    """Of the whole house, at once."""
    with parts().writing() as conn:
        act = limits.stop_all if body.is_stopped else limits.release_all
        act(conn, f"token {caller().name}", parts().now())
    return Response(status=204)


def _autopilot(name: str) -> Response:
    card = card_named(name)
    with parts().reading() as conn:
        rule, stopped_by = autopilot.rule(conn, caller().site, card.name), autopilot.stopped_by(conn)
    body = AutopilotBody(**{each: getattr(rule, each) for each in AutopilotBody.model_fields}) if rule else None
    is_active = rule is not None and rule.is_active and stopped_by is None
    taken_back = rule.taken_back if rule else 0
    return answer(AutopilotShape(rule=body, is_active=is_active, taken_back=taken_back, stopped_by=stopped_by))


def _retold(each: replaying.Retold) -> RetoldShape:
    return RetoldShape(
        decision=each.decision.id,
        subject=each.decision.subject,
        decided_at=each.decision.decided_at,
        state=each.was,
        proposal=each.decision.proposal,
        would_state=each.outcome.state,
        would_proposal=each.proposal,
    )


def _value(row: value_added.Row) -> ValueRow:
    return ValueRow(**{name: getattr(row, name) for name in ValueRow.model_fields})
