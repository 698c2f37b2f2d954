"""Plan: what the system wants to do, and whether we agree; here a person's verdict is given, changed and taken back."""

from collections.abc import Callable

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Connection

from central.console.access import current_person, may
from central.console.fragments import Fragment, Look, Page, Rows, show
from central.console.language import clock
from central.console.redraw import answer
from central.deciding import review
from central.errors import AlreadyReviewed, NotReviewable
from central.floor.attention import Proposal, open_proposals
from central.parts import parts
from central.store import decisions, reviews
from central.store.decisions import Decision

blueprint = Blueprint("plan", __name__)

RECENT = 60
CLOSED = ("accepted", "adjusted", "rejected", "superseded", "undecided")


def _proposals(look: Look) -> Rows:
    waiting = open_proposals(look.conn, look.site, look.now)
    shown = {proposal.decision.id for proposal in waiting}
    closed = [one for one in decisions.page(look.conn, look.site, states=CLOSED, limit=RECENT) if _matters(one, shown)]
    recent = [Proposal(decision, reviews.valid(look.conn, decision.id)) for decision in closed]
    return {"waiting": waiting, "recent": recent}


def _matters(decision: Decision, shown: set[str]) -> bool:
    """Whether it says something that the open proposals do not: all but the many where nothing was to be done."""
    return decision.id not in shown and (decision.proposal is not None or decision.state == "undecided")


PAGE = Page("plan", "plan/page.html", (Fragment("plan", "plan/_plan.html", frozenset({"decision"}), _proposals),))
PAGES = (PAGE,)


@blueprint.get("/plan")
def page() -> ResponseReturnValue:
    """Open proposals, then what became of the last ones."""
    return show(PAGE)


@blueprint.post("/decisions/<decision_id>/approve")
@may("decision.review")
def approve(decision_id: str) -> ResponseReturnValue:
    """The proposal as it stands."""
    person = current_person().name
    return _judged(lambda conn: review.accept(conn, decision_id, person, parts().now()))


@blueprint.post("/decisions/<decision_id>/override")
@may("decision.review")
def override(decision_id: str) -> ResponseReturnValue:
    """Not to be done, for one of the coded reasons, with a note."""
    person, form = current_person().name, request.form
    reason, note = form.get("reason"), form.get("note", "").strip() or None
    return _judged(lambda conn: review.reject(conn, decision_id, person, parts().now(), reason, note))


@blueprint.post("/reviews/<int(max=999999999999999999):review_id>/undo")
@may("decision.review")
def undo(review_id: int) -> ResponseReturnValue:
    """Take one's own verdict back, within ten seconds."""
    return _judged(lambda conn: review.undo(conn, review_id, current_person().name, parts().now()))


def _judged(judge: Callable[[Connection], object]) -> ResponseReturnValue:
    problem: str | None = None
    try:
        with parts().writing() as conn:
            judge(conn)
    except AlreadyReviewed as error:
        problem = _("%(person)s settled this at %(time)s. Nothing was changed.", person=error.person, time=clock(error.at))
    except NotReviewable:
        problem = _("This proposal can no longer be judged this way. Nothing was changed.")
    return answer(frozenset({"decision"}), problem)
