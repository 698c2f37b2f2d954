"""What the house proposes, why, and what people made of it. Sentences are in the reader's language (Accept-Language)."""

from datetime import datetime
from typing import Any

from flask import Response, request
from pydantic import ValidationError
from sqlalchemy import Connection

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import answer, cursor_of, place_of
from central.api.decision_shapes import (
    DecisionInFull,
    DecisionPage,
    DecisionPath,
    DecisionsQuery,
    DraftQuery,
    ReviewBody,
    Verdict,
)
from central.api.decision_words import Reader, verdict_shape
from central.api.problems import Problem, of_validation
from central.deciding import review as reviewing
from central.deciding.capability import Capability
from central.deciding.drafts import written
from central.deciding.trace import trace_of
from central.parts import parts
from central.store import decisions, reviews
from central.store.decisions import Decision
from central.translations.catalogue import language_of

blueprint = nouns.blueprint_for("decisions")


@blueprint.get("", summary="Decisions, newest first", responses={200: DecisionPage})
@needs("decisions:read")
def page(query: DecisionsQuery) -> Response:
    """A page of decisions of the token's site."""
    with parts().reading() as conn:
        found = decisions.page(
            conn,
            caller().site,
            states=[query.state] if query.state else [],
            capability=query.capability,
            subject=query.subject,
            before=place_of(query.cursor, tuple[datetime, str]),
            limit=query.limit,
        )
        items = [_reader(decision).shape(decision, reviews.valid(conn, decision.id)) for decision in found]
    more = cursor_of(found[-1].decided_at, found[-1].id) if len(found) == query.limit else None
    return answer(DecisionPage(items=items, next=more))


@blueprint.get("/<decision_id>", summary="One decision, with its trace", responses={200: DecisionInFull})
@needs("decisions:read")
def one(path: DecisionPath) -> Response:
    """The decision with everything it rests on."""
    with parts().reading() as conn:
        decision = _of_site(conn, path.decision_id)
        tree = trace_of(conn, decision)
        made = reviews.valid(conn, decision.id)
    return answer(_reader(decision).in_full(decision, made, tree))


@blueprint.get(
    "/<decision_id>/draft",
    summary="A proposal as a file to send on",
    responses={200: {"description": "The form asked for, as a file"}},
)
@needs("decisions:read")
def draft(path: DecisionPath, query: DraftQuery) -> Response:
    """As it stands, with what a person changed. 404 where its kind has no such form, 409 where there is nothing to send."""
    with parts().reading() as conn:
        decision = _of_site(conn, path.decision_id)
        card = _card(decision)
        forms = card.drafts if card is not None else {}
        if card is None or query.format not in forms:
            raise Problem(404, "not-found", f"Its forms are: {', '.join(forms) or 'none'}; there is no {query.format!r}.")
        made = written(conn, forms[query.format], card.proposal, decision)
    if made is None:
        raise Problem(409, "nothing-to-send", f"Decision {decision.id} proposes nothing, or a person refused it.")
    headers = {"Content-Disposition": f"attachment; filename={made.file_name}", "X-Content-Type-Options": "nosniff"}
    return Response(made.text, content_type=made.media_type, headers=headers)


@blueprint.post("/<decision_id>/review", summary="Accept, adjust or reject a proposal", responses={200: Verdict})
@needs("decisions:review")
def review(path: DecisionPath, body: ReviewBody) -> Response:
    """The verdict of the token's program. 409 when another was first or the proposal is no longer open."""
    person = f"token {caller().name}"
    with parts().writing() as conn:
        now = parts().now()
        decision = _of_site(conn, path.decision_id)
        if body.verdict == "accept":
            made = reviewing.accept(conn, decision.id, person, now, body.reason, body.note)
        elif body.verdict == "reject":
            made = reviewing.reject(conn, decision.id, person, now, body.reason, body.note)
        else:
            proposal = _checked(conn, decision, body.proposal)
            made = reviewing.adjust(conn, decision.id, person, now, body.reason, body.note, proposal)
    return answer(verdict_shape(made))


@blueprint.delete("/<decision_id>/review", summary="Take a verdict back within ten seconds", responses={204: None})
@needs("decisions:review")
def undo(path: DecisionPath) -> Response:
    """Open the proposal again. 409 when the window has passed."""
    with parts().writing() as conn:
        made = reviews.valid(conn, _of_site(conn, path.decision_id).id)
        if made is None:
            raise Problem(404, "not-found", f"Decision {path.decision_id} has no review.")
        reviewing.undo(conn, made.id, f"token {caller().name}", parts().now())
    return Response(status=204)


def _of_site(conn: Connection, decision_id: str) -> Decision:
    decision = decisions.get(conn, decision_id)
    if decision is None or decision.site != caller().site:
        raise Problem(404, "not-found", f"There is no decision {decision_id} at site {caller().site}.")
    return decision


def _card(decision: Decision) -> Capability | None:
    return next((card for card in parts().capabilities if card.name == decision.capability), None)


def _checked(conn: Connection, decision: Decision, proposal: dict[str, Any] | None) -> dict[str, Any]:
    card = _card(decision)
    if card is None:
        raise Problem(409, "not-reviewable", f"The capability {decision.capability} is no longer installed.")
    try:
        return reviewing.adjusted(conn, card, decision, proposal or {})
    except ValidationError as error:
        raise of_validation(error, "/proposal") from error


def _reader(decision: Decision) -> Reader:
    return Reader(language_of([tag for tag, _ in request.accept_languages]), _card(decision))
