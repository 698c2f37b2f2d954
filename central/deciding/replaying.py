"""What would have been decided with other rules: past decisions thought again on the inputs that they were made on.

Nothing is written. Inputs of an older version of a card cannot be read any more: they are counted, not guessed.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection

from central.deciding.capability import OWN, Capability
from central.deciding.outcome import Outcome
from central.deciding.thinking import Decider, conclude_safely, in_process
from central.errors import ParamsRefused
from central.store import decisions, params
from central.store.decisions import Decision

MOST_DECISIONS = 500
MOST_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which decisions, and under which values instead of those that hold now."""

    site: str
    since: datetime
    until: datetime
    values: Mapping[str, Any]
    subject: str | None = None


@dataclass(frozen=True)
class Retold:
    """One past decision, and what it would have been."""

    decision: Decision
    outcome: Outcome

    @property
    def is_different(self) -> bool:
        """Whether another thing would have been done."""
        return self.decision.proposal != self.proposal or self.was != self.outcome.state

    @property
    def proposal(self) -> dict[str, Any] | None:
        """What would have been proposed."""
        return self.outcome.proposal.model_dump(mode="json") if self.outcome.proposal else None

    @property
    def was(self) -> str:
        """What the decision came to when it was made: what became of it later is another matter."""
        if self.decision.proposal is not None:
            return "proposed"
        return self.decision.state if self.decision.state in ("nothing", "undecided") else "nothing"


@dataclass(frozen=True)
class Replay:
    """Newest first. `unreadable`: made by an older version; `left`: not reached within the time, or beyond the most.

    effect_was, effect_would: money that all proposals move, by currency.
    """

    retold: Sequence[Retold]
    unreadable: int
    left: int
    effect_was: Mapping[str, float]
    effect_would: Mapping[str, float]

    @property
    def different(self) -> list[Retold]:
        """Those that would have been another decision."""
        return [each for each in self.retold if each.is_different]


def replay(
    conn: Connection,
    card: Capability,
    question: Question,
    decide: Decider = in_process,
    clock_s: Callable[[], float] = time.monotonic,
) -> Replay:
    """Think the past again. Raises pydantic's ValidationError for values that no params are, ParamsRefused for no time."""
    if question.since >= question.until:
        raise ParamsRefused("the time to look at ends before it begins: choose another")
    present = params.current(conn, card.name)[1]
    wanted = {name: value for name, value in {**present, **question.values}.items() if value is not None}
    knobs: BaseModel = card.params.model_validate(wanted)
    found = _past(conn, card, question)
    retold, unreadable, ends_s = [], 0, clock_s() + MOST_S
    for decision in found[:MOST_DECISIONS]:
        if clock_s() >= ends_s:
            break
        try:
            inputs = card.inputs_of(decision.inputs)
        except ValidationError:
            unreadable += 1
            continue
        retold.append(Retold(decision, conclude_safely(card, OWN, inputs, knobs, decide)))
    return _summed(retold, unreadable, len(found) - len(retold) - unreadable)


def _past(conn: Connection, card: Capability, question: Question) -> list[Decision]:
    return decisions.between(conn, question.site, card.name, question.since, question.until, question.subject)


def _summed(retold: Sequence[Retold], unreadable: int, left: int) -> Replay:
    was: dict[str, float] = defaultdict(float)
    would: dict[str, float] = defaultdict(float)
    for each in retold:
        if each.decision.effect is not None and each.decision.currency:
            was[each.decision.currency] += each.decision.effect
        if each.outcome.effect is not None:
            would[each.outcome.effect.currency] += each.outcome.effect.amount
    return Replay(retold, unreadable, left, was, would)
