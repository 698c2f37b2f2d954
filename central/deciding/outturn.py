"""What became of past proposals, by the card's `realised`, as the value-added report compares it."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from central.deciding.capability import Capability
from central.deciding.outcome import Realised
from central.deciding.value_added import Compared
from central.store import decisions, reviews
from central.store.decisions import Decision
from central.store.reviews import Review


def compared(conn: Connection, card: Capability, site: str, since: datetime, until: datetime) -> list[Compared]:
    """Every number that is known by now of proposals that a person has judged; nothing where the card tells no outturn."""
    if card.realised is None:
        return []
    past = [one for one in decisions.between(conn, site, card.name, since, until) if one.proposal is not None]
    judged = ((decision, reviews.valid(conn, decision.id)) for decision in past)
    return [
        number
        for decision, review in judged
        if review is not None
        for came in card.realised(conn, decision)
        for number in _numbers(decision, review, came)
    ]


def _numbers(decision: Decision, review: Review, came: Realised) -> Iterator[Compared]:
    model = _number(decision.proposal, came.name)
    if model is None:
        return
    final: float | None = None
    if review.verdict == "adjust":
        final = _number(review.proposal, came.name)
    elif review.verdict == "reject":
        final = 0.0  # nothing of it was done
    yield Compared(
        subject=decision.subject,
        at=came.at,
        naive=came.naive,
        model=model,
        final=None if final == model else final,
        actual=came.actual,
        over_cost=came.over_cost,
        under_cost=came.under_cost,
        currency=came.currency,
        reason=review.reason,
    )


def _number(proposal: dict[str, object] | None, name: str) -> float | None:
    value = (proposal or {}).get(name)
    return float(value) if isinstance(value, int | float) else None
