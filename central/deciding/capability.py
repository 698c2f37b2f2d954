"""The card of a capability: what it decides, what wakes it, how it thinks and in which words it explains itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol

from pydantic import BaseModel
from sqlalchemy import Connection
from typing_extensions import TypeVar

from central.deciding.drafts import Draft
from central.deciding.outcome import Inputs, Money, Outcome, Proposal, Realised, Violation
from central.store.decisions import Decision
from central.translations.marking import N_ as N_  # noqa: PLC0414 (cards take it from here)

InputsT = TypeVar("InputsT", bound=Inputs, default=Any)
ParamsT = TypeVar("ParamsT", bound=BaseModel, default=Any)
ProposalT = TypeVar("ProposalT", bound=Proposal, default=Any)

EVERY_SUBJECT = "*"
OWN = "own"  # the name of a card's own `decide`, beside that of its challenger


@dataclass(frozen=True)
class Subject:
    """What a decision is about: an item, a machine, a route, at a site."""

    site: str
    key: str


class Lessons(Protocol):
    """Labelled history of one subject, as values."""

    def sha256(self) -> str:
        """Equal for equal rows."""
        ...

    def fit(self) -> str | None:
        """What is learned from them, as JSON text for `store.artefacts`; None when they are too few. No I/O."""
        ...


@dataclass(frozen=True)
class Budget:
    """What a heavy planner may take for one decision: it is ended when it takes more."""

    time_s: float = 60.0
    memory_mb: int = 1024


@dataclass(frozen=True)
class Challenger(Generic[InputsT, ParamsT, ProposalT]):
    """Another way to decide, on the same inputs. It runs in shadow and never acts until a person promotes it."""

    name: str
    decide: Callable[[InputsT, ParamsT], Outcome[ProposalT]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Capability(Generic[InputsT, ParamsT, ProposalT]):
    """One kind of decision. Everything else (API, topics, console, review, trace, audit, checks) follows from this card.

    `module` is the card's `__name__`: the folder names the capability. `wakes_on` maps the noun of a fact to the value in it
    that names the subject, or to `EVERY_SUBJECT` for all of the site. `units` gives the unit of each value in reasons,
    causes and proposal (see `wording.UNITS`). `settle_s` lets a burst of wakes be decided once. A shared check that
    cannot hold is named in `exempt` (the test without its `test_`) with the reason.

    A heavy planner runs in a process of its own within its budget. `check` judges any proposal, a person's too, by the
    inputs alone, without the planner's words: what it finds keeps the proposal from being made. `respects` names fields
    that `decide` fixes by `inputs.locks` itself; the spine fixes the others afterwards. `effect` is the money that approving
    a changed proposal moves; `price` what one costs in all by the model's own reckoning, where that is more than its effect.
    `quantity` is the field that a limit of the autopilot is about. A card that `learns_together` is taught once for all of a
    site, as the subject EVERY_SUBJECT; `learned` keeps more of what was learned than the artefact, in the same write.
    `drafts` are forms in which a proposal may leave the house, by name.
    """

    module: str
    title: str
    subject: str
    subjects: Callable[[Connection, str], Sequence[str]]  # every subject at a site, for the schedule
    wakes_on: Mapping[str, str]
    schedule: str | None
    settle_s: float
    params: type[ParamsT]
    proposal: type[ProposalT]
    gather: Callable[[Connection, Subject, ParamsT, datetime], InputsT]
    decide: Callable[[InputsT, ParamsT], Outcome[ProposalT]]
    example: Callable[[], tuple[InputsT, ParamsT]]
    reasons: Mapping[str, str]
    causes: Mapping[str, str]
    units: Mapping[str, str]
    summary: str  # the proposal in one line
    adjustable: frozenset[str]  # what a person may change in the proposal
    benchmark: str | None = None
    baseline: str | None = None
    exempt: Mapping[str, str] = field(default_factory=dict)
    lessons: Callable[[Connection, Subject, ParamsT, datetime], Lessons] | None = None  # of a capability that learns
    learns_together: bool = False
    learned: Callable[[Connection, Subject, str, datetime], None] | None = None
    heavy: Budget | None = None
    check: Callable[[InputsT, ProposalT, ParamsT], Sequence[Violation]] | None = None
    challenger: Challenger[InputsT, ParamsT, ProposalT] | None = None
    respects: frozenset[str] = frozenset()
    price: Callable[[InputsT, ProposalT, ParamsT], Money | None] | None = None
    effect: Callable[[InputsT, ProposalT, ParamsT], Money | None] | None = None
    realised: Callable[[Connection, Decision], Sequence[Realised]] | None = None  # empty: not known yet
    quantity: str | None = None
    drafts: Mapping[str, Draft[ProposalT]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Group and folder, as in 'supply.inventory'."""
        return ".".join(self.module.split(".")[-3:-1])

    @property
    def group(self) -> str:
        """Who owns the decision, as in 'supply'."""
        return self.name.partition(".")[0]

    @property
    def panel(self) -> str:
        """Template that draws the proposal, relative to the capabilities' folder."""
        return f"{self.name.replace('.', '/')}/panel.html"

    def way(self, name: str) -> Callable[[InputsT, ParamsT], Outcome[ProposalT]]:
        """How it decides under that name: its own way, or its challenger's."""
        return self.challenger.decide if self.challenger is not None and self.challenger.name == name else self.decide

    def inputs_of(self, stored: Mapping[str, Any]) -> InputsT:
        """What was decided on, as it is kept with a decision. Raises pydantic's ValidationError when of another version."""
        inputs, _params = self.example()
        return type(inputs).model_validate(stored)
