"""The words every model uses: what it was given, what it concludes, why, and what that rests on. Pure.

Codes and values only: sentences are made at the door by `wording.py` from the card's texts and units.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal

from pydantic import BaseModel, Field, JsonValue
from typing_extensions import TypeVar

Value = str | int | float | bool | None | dict[str, str]
State = Literal["proposed", "nothing", "undecided"]


@dataclass(frozen=True, init=False)
class Reason:
    """A code of the card with its values. The card declares the unit of each value, and the sentence that holds them."""

    code: str
    values: Mapping[str, Value]

    def __init__(self, code: str, **values: Value) -> None:
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "values", values)


@dataclass(frozen=True)
class Cause:
    """A fact the decision rests on. `device` and `sequence` name the event behind it, where a device saw it."""

    kind: str  # count | book | demand | lead_time | order | params | lock | event
    reference: str
    device: str | None = None
    sequence: int | None = None
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Money:
    """An amount in a currency (ISO 4217)."""

    amount: float
    currency: str


@dataclass(frozen=True)
class Interval:
    """Where the named quantity will lie with probability `share`; its unit is that of the value `name` on the card."""

    name: str
    low: float
    high: float
    share: float


@dataclass(frozen=True)
class Violation:
    """A constraint that a proposal breaks, and what would keep it: both are reasons of the card."""

    constraint: Reason
    remedy: Reason


@dataclass(frozen=True)
class Realised:
    """What came of one number of a proposal. `naive`: what the rule that costs nothing would have said.

    A number too high by one costs `over_cost`, one too low by one `under_cost`; in `currency`, or in units where None.
    """

    name: str  # of the number in the proposal
    actual: float
    naive: float
    at: datetime
    over_cost: float = 1.0
    under_cost: float = 1.0
    currency: str | None = None


class Inputs(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """What a model is given: values only, at one moment, with the facts they rest on.

    `locks`: what people fixed in the proposal, by its fields; a model heeds those its card names in `respects`.
    """

    as_of: datetime
    causes: tuple[Cause, ...] = Field(default=(), exclude=True)
    locks: dict[str, JsonValue] = Field(default_factory=dict)


class Proposal(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """What is to be done. Equal proposals are the same proposal: put here what a person approves, not what it rests on."""


ProposalT_co = TypeVar("ProposalT_co", bound=Proposal, default=Proposal, covariant=True)


@dataclass(frozen=True)
class Outcome(Generic[ProposalT_co]):
    """A proposal, nothing to do, or no answer; always with reasons, worst first.

    `effect` is the money that approving moves, positive when spent. `confidence` in 0..1 and `interval` say how sure it is;
    after `approve_by` the proposal comes too late.
    """

    state: State
    reasons: tuple[Reason, ...]
    proposal: ProposalT_co | None = None
    would_change: tuple[Reason, ...] = ()
    effect: Money | None = None
    confidence: float | None = None
    interval: Interval | None = None
    approve_by: datetime | None = None

    def __post_init__(self) -> None:
        if not self.reasons:
            raise ValueError(f"an outcome that is {self.state} needs a reason")
        if (self.proposal is not None) != (self.state == "proposed"):
            raise ValueError(f"an outcome that is {self.state} holds {self.proposal}: a proposal belongs to 'proposed' only")

    @classmethod
    def propose(
        cls,
        proposal: ProposalT_co,  # type: ignore[misc]  # a constructor may take what the class only gives
        *reasons: Reason,
        would_change: tuple[Reason, ...] = (),
        effect: Money | None = None,
        confidence: float | None = None,
        interval: Interval | None = None,
        approve_by: datetime | None = None,
    ) -> "Outcome[ProposalT_co]":
        """Something should be done."""
        return cls("proposed", reasons, proposal, would_change, effect, confidence, interval, approve_by)

    @classmethod
    def nothing(cls, *reasons: Reason, would_change: tuple[Reason, ...] = ()) -> "Outcome[ProposalT_co]":
        """All is well as it is."""
        return cls("nothing", reasons, would_change=would_change)

    @classmethod
    def undecided(cls, *reasons: Reason) -> "Outcome[ProposalT_co]":
        """No evidence, or not enough: says what is missing instead of guessing."""
        return cls("undecided", reasons)
