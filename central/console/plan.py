"""Plan: what the system wants to do, and whether we agree; here a person's verdict is given, changed and taken back."""

from collections.abc import Callable
from datetime import timedelta

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Connection

from central.console.access import current_person, may
from central.console.fragments import Fragment, Look, Page, Rows, show
from central.console.language import clock
from central.console.redraw import answer
from central.console.words import card_of
from central.deciding import fixing, review
from central.deciding.approving import approve_many
from central.deciding.capability import Subject
from central.deciding.fixing import MOST_DAYS, Wish
from central.errors import AlreadyReviewed, LockRefused, NotReviewable
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


@blueprint.post("/decisions/approve")
@may("decision.review")
def approve_ticked() -> ResponseReturnValue:
    """Several of one kind, each by itself; those that could not be are told."""
    person, ticked = current_person().name, request.form.getlist("decision")
    try:
        done = approve_many(parts().writing, parts().site, ticked, person, parts().now)
    except NotReviewable:
        return answer(frozenset({"decision"}), _("Tick at least one proposal, and only proposals of one kind."))
    late = sum(one.problem is not None for one in done)
    told = ngettext(
        "%(num)s proposal could not be approved any more.", "%(num)s proposals could not be approved any more.", late
    )
    return answer(frozenset({"decision"}), told if late else None)


@blueprint.post("/decisions/<decision_id>/lock")
@may("decision.review")
def lock(decision_id: str) -> ResponseReturnValue:
    """Fix fields of the proposals about the subject of a decision, for some days."""
    form, now, person = request.form, parts().now(), current_person().name
    with parts().reading() as conn:
        decision = decisions.get(conn, decision_id)
    card = card_of(decision) if decision is not None and decision.site == parts().site else None
    if decision is None or card is None or decision.proposal is None:
        abort(404)
    days = form.get("days", "")
    until = now + timedelta(days=min(int(days[:4]), MOST_DAYS) if days.isdecimal() else 0)
    values = {name: _typed(form[name], decision.proposal.get(name)) for name in form.getlist("fixed") if name in form}
    wish = Wish(values=values, reason=form.get("reason"), until=until, note=form.get("note", "").strip() or None)
    about = Subject(decision.site, decision.subject)
    return _fixed(lambda conn: fixing.fix(conn, card, about, wish, person, now))


@blueprint.post("/locks/<int(max=999999999999999999):lock_id>/lift")
@may("decision.review")
def lift(lock_id: int) -> ResponseReturnValue:
    """Let the planner have it back."""
    person = current_person().name
    return _fixed(lambda conn: fixing.lift(conn, parts().site, lock_id, person, parts().now()))


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


def _fixed(act: Callable[[Connection], object]) -> ResponseReturnValue:
    problem: str | None = None
    try:
        with parts().writing() as conn:
            act(conn)
    except LockRefused as error:
        problem = _("Nothing was changed: %(why)s", why=error)
    return answer(frozenset({"lock", "decision"}), problem)


def _typed(text: str, before: object) -> object:
    """What was entered, as a number where a number stood."""
    if isinstance(before, bool) or not isinstance(before, int | float):
        return text
    try:
        return int(text) if isinstance(before, int) else float(text)
    except ValueError:
        return text


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
