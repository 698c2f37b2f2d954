"""What people fixed in proposals, and many verdicts at once."""

from typing import Annotated, Any

from flask import Response
from pydantic import AwareDatetime, BaseModel, Field

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import GIVEN, Answer, Moment, answer
from central.api.capabilities import card_named
from central.api.problems import Problem
from central.deciding import fixing
from central.deciding.approving import MOST_AT_ONCE, Approved, approve_many, undo_many
from central.deciding.capability import Subject
from central.deciding.fixing import Wish
from central.errors import LockRefused
from central.parts import parts
from central.store import locks
from central.store.locks import Lock
from protocols.codec import wire_time

blueprint = nouns.blueprint_for("locks")
blueprint.register_error_handler(LockRefused, lambda error: Problem(409, "lock-refused", str(error)).answer())
many = nouns.blueprint_for("reviews")


class LockBody(BaseModel, extra="forbid"):
    """Fields of the proposal and what they must be, a reason as of reviews, and until when."""

    capability: str = Field(max_length=80)
    subject: str = Field(min_length=1, max_length=64)
    values: dict[str, Any]
    reason: str = Field(max_length=40)
    until: Annotated[AwareDatetime, GIVEN]
    note: str | None = Field(None, max_length=500)


class LockPath(BaseModel):
    """The number of a lock."""

    lock: int = Field(ge=1, le=2**62)


class LockShape(Answer, frozen=True):
    """A lock that holds; what it costs is among the reasons of the decision."""

    id: int
    capability: str
    subject: str
    values: dict[str, Any]
    reason: str
    note: str | None
    person: str
    fixed_at: Moment
    expires_at: Moment


class LocksShape(Answer, frozen=True):
    """Oldest first."""

    items: list[LockShape]


class ManyBody(BaseModel, extra="forbid"):
    """Decisions of one kind."""

    decisions: list[Annotated[str, Field(max_length=36)]] = Field(min_length=1, max_length=MOST_AT_ONCE)


class EachShape(Answer, frozen=True):
    """What became of one: its review, or why there is none."""

    decision: str
    review: int | None
    problem: str | None


class ManyShape(Answer, frozen=True):
    """In the order asked."""

    items: list[EachShape]


@blueprint.get("", summary="What people fixed", responses={200: LocksShape})
@needs("decisions:read")
def holding() -> Response:
    """At the token's site, now."""
    with parts().reading() as conn:
        return answer(LocksShape(items=[_shape(lock) for lock in locks.all_holding(conn, caller().site, parts().now())]))


@blueprint.post("", summary="Fix part of the proposals about a subject", responses={201: LockShape})
@needs("decisions:review")
def fix(body: LockBody) -> Response:
    """The subject is decided again with it. 409 names what does not fit."""
    card = card_named(body.capability)
    wish = Wish(values=body.values, reason=body.reason, until=wire_time(body.until), note=body.note)
    with parts().writing() as conn:
        about = Subject(caller().site, body.subject)
        return answer(_shape(fixing.fix(conn, card, about, wish, f"token {caller().name}", parts().now())), 201)


@blueprint.delete("/<int:lock>", summary="Let the planner have it back", responses={204: None})
@needs("decisions:review")
def lift(path: LockPath) -> Response:
    """409 when it holds no longer."""
    with parts().writing() as conn:
        fixing.lift(conn, caller().site, path.lock, f"token {caller().name}", parts().now())
    return Response(status=204)


@many.post("", summary="Approve several proposals of one kind", responses={200: ManyShape})
@needs("decisions:review")
def approve(body: ManyBody) -> Response:
    """Each by itself: one that is refused keeps no other from its verdict."""
    done = approve_many(parts().writing, caller().site, body.decisions, f"token {caller().name}", parts().now)
    return answer(ManyShape(items=[_each(one) for one in done]))


@many.post("/undo", summary="Take several verdicts back", responses={200: ManyShape})
@needs("decisions:review")
def undo(body: ManyBody) -> Response:
    """Within the time in which each can be undone."""
    done = undo_many(parts().writing, caller().site, body.decisions, f"token {caller().name}", parts().now)
    return answer(ManyShape(items=[_each(one) for one in done]))


def _shape(lock: Lock) -> LockShape:
    return LockShape(**{name: getattr(lock, name) for name in LockShape.model_fields})


def _each(one: Approved) -> EachShape:
    problem = str(one.problem) if one.problem else None
    return EachShape(decision=one.decision, review=one.review.id if one.review else None, problem=problem)
