"""Approvals that are not one tap: many at once by a person, or alone by a rule."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.deciding import review
from central.deciding.autopilot import obstacle
from central.deciding.capability import Capability
from central.errors import NotReviewable, Refused
from central.store import autopilot, decisions, reviews
from central.store.autopilot import AUTOPILOT, Rule
from central.store.decisions import Decision
from central.store.reviews import Review

DAY = timedelta(days=1)
MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Approved:
    """What became of one of many: its review, or why there is none."""

    decision: str
    review: Review | None
    problem: Refused | None = None


def approve_alone(conn: Connection, card: Capability, decision: Decision, now: datetime) -> bool:
    """Approve an open proposal that nobody ever judged, if the rule of its site allows it; whether it did."""
    rule = autopilot.rule(conn, decision.site, card.name)
    if rule is None or not rule.is_active or autopilot.stopped_by(conn) is not None:
        return False
    if reviews.all_of(conn, decision.id):
        return False
    if obstacle(card, rule, decision, autopilot.moved_since(conn, decision.site, card.name, now - DAY)):
        return False
    undo_for = timedelta(minutes=rule.undo_minutes)
    review.accept(conn, decision.id, AUTOPILOT, now, note=_note(rule, decision), undo_for=undo_for)
    return True


def approve_many(
    writing: Callable[[], AbstractContextManager[Connection]],
    site: str,
    wanted: Sequence[str],
    person: str,
    clock: Callable[[], datetime],
) -> list[Approved]:
    """Approve proposals of one kind, each in a transaction of its own: one that is refused keeps no other from its verdict.

    Raises NotReviewable, before anything is approved, when there are none, too many, or they are of several kinds.
    """
    ids = list(dict.fromkeys(wanted))
    if not 0 < len(ids) <= MOST_AT_ONCE:
        raise NotReviewable(f"{len(ids)} proposals: choose at least one and at most {MOST_AT_ONCE}")
    with writing() as conn:
        found = [decisions.get(conn, each) for each in ids]
    kinds = {decision.capability for decision in found if decision is not None}
    if len(kinds) > 1:
        raise NotReviewable(f"{', '.join(sorted(kinds))}: choose proposals of one kind")
    return [_approved(writing, site, each, person, clock()) for each in ids]


def undo_many(
    writing: Callable[[], AbstractContextManager[Connection]],
    site: str,
    wanted: Sequence[str],
    person: str,
    clock: Callable[[], datetime],
) -> list[Approved]:
    """Take verdicts on decisions back, each in a transaction of its own."""
    return [_undone(writing, site, each, person, clock()) for each in dict.fromkeys(wanted)]


def _approved(
    writing: Callable[[], AbstractContextManager[Connection]], site: str, decision_id: str, person: str, now: datetime
) -> Approved:
    try:
        with writing() as conn:
            _require_at(conn, site, decision_id)
            return Approved(decision_id, review.accept(conn, decision_id, person, now))
    except Refused as error:
        return Approved(decision_id, None, error)


def _undone(
    writing: Callable[[], AbstractContextManager[Connection]], site: str, decision_id: str, person: str, now: datetime
) -> Approved:
    try:
        with writing() as conn:
            _require_at(conn, site, decision_id)
            made = reviews.valid(conn, decision_id)
            if made is None:
                raise NotReviewable(f"decision {decision_id} has no verdict to take back")
            review.undo(conn, made.id, person, now)
            return Approved(decision_id, reviews.get(conn, made.id))
    except Refused as error:
        return Approved(decision_id, None, error)


def _require_at(conn: Connection, site: str, decision_id: str) -> None:
    decision = decisions.get(conn, decision_id)
    if decision is None or decision.site != site:
        raise NotReviewable(f"there is no decision {decision_id} at site {site}")


def _note(rule: Rule, decision: Decision) -> str:
    return f"{decision.effect:g} <= {rule.most_effect:g} {rule.currency}; set by {rule.changed_by}"
