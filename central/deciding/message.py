"""A decision as integrators receive it: `out/{site}/decision/{proposed | reviewed | superseded | undecided}`."""

from datetime import datetime
from typing import Literal, cast

from sqlalchemy import Connection

from central.deciding import wording
from central.deciding.capability import Capability
from central.deciding.outcome import Reason
from central.store import announcements, decisions
from central.store.decisions import Decision
from central.store.reviews import Review
from central.translations.catalogue import LOCALES, translator
from protocols.codec import wire_time
from protocols.messages.decision import CauseLink, ReasonText
from protocols.messages.decision import Decision as DecisionMessage

DecisionState = Literal["proposed", "accepted", "adjusted", "rejected", "undecided", "superseded", "nothing"]


def announce_decision(
    conn: Connection, card: Capability, decision: Decision, kind: str, now: datetime, review: Review | None = None
) -> None:
    """Put what became of a decision among the announcements of its site."""
    announcements.announce(
        conn,
        site=decision.site,
        domain="decision",
        kind=kind,
        data=decision_message(conn, card, decision, "superseded" if kind == "superseded" else decision.state, review),
        subject=f"{decision.capability}/{decision.subject}",
        now=now,
        source=f"/capabilities/{decision.capability}",
    )


def decision_message(
    conn: Connection, card: Capability, decision: Decision, state: str, review: Review | None
) -> DecisionMessage:
    """The decision in the words of the contract, each reason in each language."""
    return DecisionMessage(
        id=decision.id,
        capability=decision.capability,
        subject=decision.subject,
        state=cast(DecisionState, state),
        decided_at=wire_time(decision.decided_at),
        proposal=decision.proposal,
        reasons=[_reason(card, Reason(reason["code"], **reason["values"])) for reason in decision.reasons],
        causes=[
            CauseLink(kind=cause.kind, id=cause.reference, device=cause.device, sequence=cause.sequence)
            for cause in decisions.causes_of(conn, decision.id)
        ],
        review=_verdict(review) if review else None,
    )


def _verdict(review: Review) -> dict[str, object]:
    at = wire_time(review.reviewed_at)
    said = ("verdict", "person", "reason", "note", "proposal")
    return {name: getattr(review, name) for name in said} | {"reviewed_at": at}


def _reason(card: Capability, reason: Reason) -> ReasonText:
    text: dict[str, str] = {locale: wording.sentence(card, reason, translator(locale), locale) for locale in LOCALES}
    return ReasonText(code=reason.code, values=dict(reason.values), text=text)
