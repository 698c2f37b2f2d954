"""How a decision, its trace and a verdict look in JSON."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from central.api.answers import Answer, Moment, PageQuery
from central.deciding.review import NOTE_CHARACTERS

State = Literal["proposed", "accepted", "adjusted", "rejected", "undecided", "nothing", "superseded"]


class DecisionsQuery(PageQuery):
    """Which decisions."""

    state: State | None = None
    capability: str | None = Field(None, max_length=80)
    subject: str | None = Field(None, max_length=64)


class DecisionPath(BaseModel):
    """The id of a decision."""

    decision_id: str = Field(max_length=36)


class DraftQuery(BaseModel, extra="forbid"):
    """In which form."""

    format: str = Field(max_length=20, description="For a purchase order: csv, json (after EDIFACT ORDERS) or email.")


class Said(Answer, frozen=True):
    """A code, its values, and the sentence in the reader's language."""

    code: str
    values: dict[str, Any]
    text: str


class Verdict(Answer, frozen=True):
    """What a person made of the proposal; final at `settles_at`."""

    id: int
    verdict: Literal["accept", "adjust", "reject"]
    person: str
    reviewed_at: Moment
    settles_at: Moment
    reason: str | None
    note: str | None
    proposal: dict[str, Any] | None


class DecisionShape(Answer, frozen=True):
    """A decision without what it rests on."""

    id: str
    capability: str
    subject: str
    state: State
    decided_at: Moment
    summary: str | None
    proposal: dict[str, Any] | None
    reasons: list[Said]
    would_change: list[Said]
    effect: float | None
    currency: str | None
    confidence: float | None
    interval: dict[str, Any] | None
    approve_by: Moment | None
    superseded_by: str | None
    review: Verdict | None


class DecisionPage(Answer, frozen=True):
    """Newest first."""

    items: list[DecisionShape]
    next: str | None


class TraceShape(Answer, frozen=True):
    """A fact and what it rests on, down to the picture."""

    kind: str
    reference: str
    text: str
    at: Moment | None
    source: str | None
    values: dict[str, Any]
    is_wrong: bool
    rests_on: list["TraceShape"]


class DecisionInFull(DecisionShape, frozen=True):
    """A decision with its inputs and its trace."""

    params_version: int
    inputs: dict[str, Any]
    trace: TraceShape


class ReviewBody(BaseModel, extra="forbid"):
    """A verdict; `adjust` needs a `proposal`, `adjust` and `reject` need a `reason`."""

    verdict: Literal["accept", "adjust", "reject"]
    reason: str | None = Field(None, max_length=40)
    note: str | None = Field(None, max_length=NOTE_CHARACTERS)
    proposal: dict[str, Any] | None = None
