"""A person's verdict on a proposal: accept, adjust or reject, undone within ten seconds, audited, announced once final.

Accepting moves nothing by itself: later inputs count what was accepted as on order, and integrators are told. The same
verdict by the same person a second time is the first one: who lost the answer may ask again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection

from central.deciding import autopilot, message, wording
from central.deciding.capability import N_, Capability
from central.deciding.outcome import Proposal
from central.deciding.thinking import violations
from central.errors import AlreadyReviewed, NotReviewable, PlanRefused
from central.store import audit, changes, decisions, due, params, reviews
from central.store.audit import Deed
from central.store.autopilot import AUTOPILOT
from central.store.decisions import Decision
from central.store.reviews import Review
from central.translations.catalogue import translator

UNDO_WINDOW_S = 10
NOTE_CHARACTERS = 500

# Why people override: their codes feed the report on whether overriding helped.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "promotion_known": N_("A promotion we know of"),
        "supplier_problem": N_("A problem with the supplier"),
        "wrong_data": N_("The data is wrong"),
        "local_event": N_("A local event"),
        "other": N_("Another reason"),
    }
)
Verdict = Literal["accept", "adjust", "reject"]
_STATE: Mapping[str, str] = MappingProxyType({"accept": "accepted", "adjust": "adjusted", "reject": "rejected"})


def accept(
    conn: Connection,
    decision_id: str,
    person: str,
    now: datetime,
    reason: str | None = None,
    note: str | None = None,
    undo_for: timedelta = timedelta(seconds=UNDO_WINDOW_S),
) -> Review:
    """The proposal as it stands, late or not. Raises AlreadyReviewed, NotReviewable."""
    return _review(conn, decision_id, "accept", person, now, {"reason": reason, "note": note}, undo_for)


def adjust(
    conn: Connection,
    decision_id: str,
    person: str,
    now: datetime,
    reason: str | None,
    note: str | None = None,
    proposal: dict[str, Any] | None = None,
) -> Review:
    """Another proposal in its place, which the caller has checked against the card. Raises as `accept`; needs a reason."""
    return _review(conn, decision_id, "adjust", person, now, {"reason": reason, "note": note, "proposal": proposal})


def reject(
    conn: Connection, decision_id: str, person: str, now: datetime, reason: str | None, note: str | None = None
) -> Review:
    """Not to be done. Raises as `accept`; needs a reason."""
    return _review(conn, decision_id, "reject", person, now, {"reason": reason, "note": note})


def adjusted(conn: Connection, card: Capability, decision: Decision, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The proposal with `changes`, checked by the card. Raises NotReviewable, PlanRefused, pydantic's ValidationError."""
    kept = decision.proposal or {}
    if fixed := {name for name, value in changes.items() if name not in card.adjustable and kept.get(name) != value}:
        raise NotReviewable(f"{', '.join(sorted(fixed))} cannot be changed; {', '.join(sorted(card.adjustable))} can")
    proposal: Proposal = card.proposal.model_validate({**kept, **changes})
    _require_kept(conn, card, decision, proposal)
    return proposal.model_dump(mode="json")


def undo(conn: Connection, review_id: int, person: str, now: datetime) -> None:
    """Open the proposal again. Raises NotReviewable when the window has passed or the review is another person's."""
    review = reviews.get(conn, review_id)
    if review is None or review.undone_at is not None:
        raise NotReviewable(f"there is no review {review_id} to undo")
    is_final = now >= review.settles_at or review.announced_at is not None  # a caller's clock may be behind
    if is_final or review.person not in (person, AUTOPILOT):
        raise NotReviewable(
            f"review {review_id} could be undone by {review.person} only, until {review.settles_at}; it stands"
        )
    decision = _found(conn, review.decision)
    reviews.undo(conn, review_id, now)
    decisions.set_state(conn, decision.id, "proposed")
    _note(
        conn, decision, Deed(who=person, action="decision.undo", thing=f"decision/{decision.id}", before=review.verdict), now
    )
    if review.person == AUTOPILOT:
        autopilot.taken_back(conn, decision, now)
    due.wake(conn, decision.site, decision.capability, decision.subject, now, not_before=now)


def settle(conn: Connection, capabilities: Sequence[Capability], now: datetime) -> int:
    """Announce the verdicts whose undo window has passed; returns how many."""
    cards = {card.name: card for card in capabilities}
    final = reviews.settled(conn, now)
    for review in final:
        decision = _found(conn, review.decision)
        if card := cards.get(decision.capability):
            message.announce_decision(conn, card, decision, "reviewed", now, review)
        reviews.mark_announced(conn, review.id, now)
    return len(final)


def _review(
    conn: Connection,
    decision_id: str,
    verdict: Verdict,
    person: str,
    now: datetime,
    said: dict[str, Any],
    undo_for: timedelta = timedelta(seconds=UNDO_WINDOW_S),
) -> Review:
    decision = _found(conn, decision_id)
    if earlier := reviews.valid(conn, decision.id):
        return _same(earlier, verdict, person, said)
    _check(decision, verdict, said)
    settles_at = now + undo_for
    row = {"decision": decision.id, "verdict": verdict, "person": person, "reviewed_at": now, "settles_at": settles_at}
    review = reviews.add(conn, row | said)
    decisions.set_state(conn, decision.id, _STATE[verdict])
    deed = Deed(
        who=person, action=f"decision.{verdict}", thing=f"decision/{decision.id}", before=decision.proposal, after=said
    )
    _note(conn, decision, deed, now)
    due.wake(conn, decision.site, decision.capability, decision.subject, now, not_before=settles_at)
    return review


def _same(earlier: Review, verdict: Verdict, person: str, said: dict[str, Any]) -> Review:
    told = {name: getattr(earlier, name) for name in said}
    if (earlier.verdict, earlier.person, told) != (verdict, person, said):
        raise AlreadyReviewed(earlier.decision, earlier.person, earlier.verdict, earlier.reviewed_at)
    return earlier


def _check(decision: Decision, verdict: Verdict, said: dict[str, Any]) -> None:
    if decision.state != "proposed":
        newer = f"; decide on {decision.superseded_by} instead" if decision.superseded_by else ""
        raise NotReviewable(f"decision {decision.id} is {decision.state}, not an open proposal{newer}")
    if said["reason"] not in REASONS and not (verdict == "accept" and said["reason"] is None):
        raise NotReviewable(f"to {verdict} a proposal, give one of the reasons {', '.join(REASONS)}")
    if said["note"] and len(said["note"]) > NOTE_CHARACTERS:
        raise NotReviewable(f"the note has {len(said['note'])} characters; at most {NOTE_CHARACTERS} are kept")
    if verdict == "adjust" and not said["proposal"]:
        raise NotReviewable(f"to adjust decision {decision.id}, say what is to be done instead")


def _require_kept(conn: Connection, card: Capability, decision: Decision, proposal: Proposal) -> None:
    """Raises PlanRefused when the card's checker finds that a person's proposal breaks a constraint."""
    if card.check is None:
        return
    values = params.values_of(conn, card.name, decision.params_version)
    try:
        inputs = card.inputs_of(decision.inputs)
        knobs: BaseModel = card.params.model_validate(values or {})
    except ValidationError as error:
        raise NotReviewable(f"decision {decision.id} is of an older version: wait until it is decided again") from error
    if broken := violations(card, inputs, proposal, knobs):
        raise PlanRefused(lambda locale: wording.violations(card, broken, translator(locale), locale))


def _found(conn: Connection, decision_id: str) -> Decision:
    decision = decisions.get(conn, decision_id)
    if decision is None:
        raise NotReviewable(f"there is no decision {decision_id}")
    return decision


def _note(conn: Connection, decision: Decision, deed: Deed, now: datetime) -> None:
    audit.record(conn, deed, now)
    changes.log(conn, decision.site, "decision", decision.id, now)
