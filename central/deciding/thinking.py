"""From inputs to an outcome that may be recorded: decided, fixed where people fixed it, checked. No store in here.

A `Decider` is how a way to decide is run: in this process, or in one of its own that can be ended.
"""

from collections.abc import Callable
from typing import Any

import structlog
from pydantic import BaseModel

from central.deciding import locking
from central.deciding.capability import Capability
from central.deciding.outcome import Inputs, Outcome, Proposal, Reason, Violation
from central.deciding.wording import MODEL_FAILED, PLAN_REFUSED

Decider = Callable[[Capability, str, Inputs, BaseModel], Outcome]
MOST_TOLD_CHARACTERS = 200
log = structlog.get_logger()


class Interrupted(Exception):
    """The centre stops: what was being decided stays due, and is decided after its next start."""


def in_process(card: Capability, way: str, inputs: Inputs, params: BaseModel) -> Outcome:
    """Decide here and now."""
    outcome: Outcome = card.way(way)(inputs, params)
    return outcome


def conclude(card: Capability, way: str, inputs: Inputs, params: BaseModel, decide: Decider) -> Outcome:
    """The outcome, with what people fixed and its price. Whatever breaks a constraint becomes an Undecided that names it."""

    def free(given: Inputs) -> Outcome:
        return kept(card, given, params, decide(card, way, given, params))

    outcome = free(inputs.model_copy(update={"locks": {}}))
    if not inputs.locks or outcome.proposal is None:
        return outcome
    return locking.locked(card, inputs, params, outcome, free)


def conclude_safely(card: Capability, way: str, inputs: Inputs, params: BaseModel, decide: Decider) -> Outcome:
    """`conclude`; what a way raises becomes an Undecided that says so. Raises Interrupted."""
    try:
        return conclude(card, way, inputs, params, decide)
    except Interrupted:
        raise
    except Exception as error:
        log.exception("capability_failed", capability=card.name, way=way)
        return failed(error)


def failed(error: Exception) -> Outcome[Any]:
    """An Undecided that names what went wrong."""
    return Outcome.undecided(Reason(MODEL_FAILED, error=f"{type(error).__name__}: {str(error)[:MOST_TOLD_CHARACTERS]}"))


def kept(card: Capability, inputs: Inputs, params: BaseModel, outcome: Outcome) -> Outcome:
    """The outcome, if its proposal keeps what the card checks; else what it breaks, and what would keep it."""
    broken = violations(card, inputs, outcome.proposal, params) if outcome.proposal is not None else ()
    if not broken:
        return outcome
    told = [reason for each in broken for reason in (each.constraint, each.remedy)]
    return Outcome.undecided(Reason(PLAN_REFUSED, broken=len(broken)), *told)


def violations(card: Capability, inputs: Inputs, proposal: Proposal, params: BaseModel) -> tuple[Violation, ...]:
    """What the card's own checker finds; nothing where a card has none."""
    return () if card.check is None else tuple(card.check(inputs, proposal, params))
