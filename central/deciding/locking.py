"""What a person fixed in a proposal, kept in each new one and priced: what it costs beyond the one without it. Pure.

A model that heeds locks itself (`respects`) plans around them. For the others the fixed fields are put into the finished
proposal, which must still be one that the card's types and checker accept; else the lock is named as not kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from pydantic import BaseModel, ValidationError

from central.deciding.capability import Capability
from central.deciding.outcome import Inputs, Money, Outcome, Proposal, Reason
from central.deciding.wording import LOCK_COSTS, LOCK_NOT_KEPT, LOCK_SAVES, LOCK_UNPRICED

CENTS = 2


def locked(
    card: Capability, inputs: Inputs, params: BaseModel, free: Outcome, decide: Callable[[Inputs], Outcome]
) -> Outcome:
    """`free`, with what `inputs.locks` fix and a reason that says what that costs, or why it could not be kept."""
    bound = decide(inputs) if set(inputs.locks) <= card.respects else _refitted(card, inputs, params, free)
    if bound is None or bound.proposal is None or not _holds(bound.proposal, inputs):
        return replace(free, reasons=(*free.reasons, Reason(LOCK_NOT_KEPT, fixed=fixed_text(inputs.locks))))
    return replace(bound, reasons=(*bound.reasons, _priced(card, inputs, params, free, bound)))


def fixed_text(locks: Mapping[str, object]) -> str:
    """What is fixed, by the names of the fields: 'units 48, packs 4'."""
    return ", ".join(f"{name} {value}" for name, value in locks.items())


def _refitted(card: Capability, inputs: Inputs, params: BaseModel, free: Outcome) -> Outcome | None:
    """The free proposal with the fixed fields in it; None when that is no proposal, or breaks a constraint."""
    if free.proposal is None:
        return None
    try:
        proposal: Proposal = card.proposal.model_validate({**free.proposal.model_dump(mode="json"), **inputs.locks})
    except ValidationError:
        return None
    if card.check is not None and card.check(inputs, proposal, params):
        return None
    if proposal == free.proposal:
        return free
    effect = card.effect(inputs, proposal, params) if card.effect else None
    return replace(free, proposal=proposal, effect=effect)


def _holds(proposal: Proposal, inputs: Inputs) -> bool:
    said = proposal.model_dump(mode="json")
    return all(said.get(name) == value for name, value in inputs.locks.items())


def _priced(card: Capability, inputs: Inputs, params: BaseModel, free: Outcome, bound: Outcome) -> Reason:
    fixed = fixed_text(inputs.locks)
    without, within = cost_of(card, inputs, params, free), cost_of(card, inputs, params, bound)
    if without is None or within is None or without.currency != within.currency:
        return Reason(LOCK_UNPRICED, fixed=fixed)
    more = round(within.amount - without.amount, CENTS)
    code = LOCK_SAVES if more < 0 else LOCK_COSTS
    return Reason(code, fixed=fixed, price=abs(more), currency=within.currency)


def cost_of(card: Capability, inputs: Inputs, params: BaseModel, outcome: Outcome) -> Money | None:
    """What an outcome costs: by the card's own reckoning, else the money that approving moves; None when unknown."""
    if outcome.proposal is not None and card.price is not None:
        return card.price(inputs, outcome.proposal, params)
    return outcome.effect
