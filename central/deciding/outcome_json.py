"""An outcome as JSON and back, for a planner that runs in a process of its own. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from central.deciding.capability import Capability
from central.deciding.outcome import Interval, Money, Outcome, Reason, State


def written(outcome: Outcome) -> bytes:
    """The outcome in one line."""
    return msgspec.json.encode(
        {
            "state": outcome.state,
            "reasons": _said(outcome.reasons),
            "proposal": outcome.proposal.model_dump(mode="json") if outcome.proposal else None,
            "would_change": _said(outcome.would_change),
            "effect": vars(outcome.effect) if outcome.effect else None,
            "confidence": outcome.confidence,
            "interval": vars(outcome.interval) if outcome.interval else None,
            "approve_by": outcome.approve_by,
        }
    )


class _Written(msgspec.Struct):
    state: State
    reasons: list[dict[str, Any]]
    proposal: dict[str, Any] | None
    would_change: list[dict[str, Any]]
    effect: dict[str, Any] | None
    confidence: float | None
    interval: dict[str, Any] | None
    approve_by: datetime | None


def read(card: Capability, text: bytes) -> Outcome:
    """What `written` wrote. Raises msgspec's and pydantic's errors for what is no outcome of `card`."""
    found = msgspec.json.decode(text, type=_Written)
    return Outcome(
        found.state,
        _heard(found.reasons),
        card.proposal.model_validate(found.proposal) if found.proposal is not None else None,
        _heard(found.would_change),
        Money(**found.effect) if found.effect else None,
        found.confidence,
        Interval(**found.interval) if found.interval else None,
        found.approve_by,
    )


def _said(reasons: Sequence[Reason]) -> list[Mapping[str, Any]]:
    return [{"code": reason.code, "values": dict(reason.values)} for reason in reasons]


def _heard(said: Sequence[Mapping[str, Any]]) -> tuple[Reason, ...]:
    return tuple(Reason(each["code"], **each["values"]) for each in said)
