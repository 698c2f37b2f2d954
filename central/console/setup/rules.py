"""Rules: when each capability decides and by which params, the past by others, its challenger, its autopilot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pydantic import ValidationError
from sqlalchemy import Connection

from central.console.access import current_person, may
from central.console.fragments import Fragment, Look, Page, Rows, show
from central.console.redraw import answer
from central.console.setup.settings_form import Field, Read, fields, read
from central.deciding import autopilot as limits
from central.deciding import contest, outturn, replaying, tuning, value_added
from central.deciding.capability import Capability
from central.deciding.contest import WORDS, Comparison, Seats, Word
from central.deciding.replaying import Question, Replay
from central.deciding.timing import following
from central.deciding.tuning import Tuning
from central.errors import ParamsRefused, Refused
from central.parts import parts
from central.store import artefacts, autopilot, decisions, params
from central.store.autopilot import Rule

blueprint = Blueprint("rules", __name__)
CHANGED = frozenset({"capability"})
VERSIONS = 20
MONTHS = timedelta(days=180)
REPLAY_DAYS = 30
MOST_SHOWN = 40
UNREADABLE = 422


@dataclass(frozen=True)
class Shown:
    """A capability as the list draws it."""

    card: Capability
    seats: Seats
    version: int
    open: int
    rule: Rule | None


def _every(look: Look) -> Rows:
    return {
        "every": [_shown(look, card) for card in look.parts.capabilities],
        "stopped_by": autopilot.stopped_by(look.conn),
    }


def _one(look: Look) -> Rows:
    card = _card(look.key)
    version, values = params.current(look.conn, card.name)
    since = look.now - MONTHS
    return {
        "shown": _shown(look, card),
        "next_at": following(card.schedule, look.now) if card.schedule else None,
        "version": version,
        "changed": values,
        "history": params.history(look.conn, card.name, VERSIONS),
        "comparison": _comparison(look, card, since),
        "learned": artefacts.of_capability(look.conn, look.site, card.name),
        "added": value_added.report(outturn.compared(look.conn, card, look.site, since, look.now)),
        "stopped_by": autopilot.stopped_by(look.conn),
        "words": WORDS,
    }


def _shown(look: Look, card: Capability) -> Shown:
    waiting = decisions.page(look.conn, look.site, states=["proposed"], capability=card.name)
    rule = autopilot.rule(look.conn, look.site, card.name)
    return Shown(card, contest.seats(look.conn, card), params.current(look.conn, card.name)[0], len(waiting), rule)


def _comparison(look: Look, card: Capability, since: datetime) -> Comparison | None:
    return contest.comparison(look.conn, card, look.site, since)


def _card(name: str) -> Capability:
    return next((card for card in parts().capabilities if card.name == name), None) or abort(404)


LIST = Page(
    "rules", "setup/rules/page.html", (Fragment("every", "setup/rules/_every.html", CHANGED | {"decision"}, _every),)
)
ONE = Page("rule", "setup/rules/capability.html", (Fragment("capability", "setup/rules/_one.html", CHANGED, _one),))
PAGES = (LIST, ONE)


@blueprint.get("/setup/rules")
def page() -> ResponseReturnValue:
    """Every capability, and the switch of the autopilots."""
    return show(LIST)


@blueprint.get("/setup/rules/<name>")
def capability(name: str) -> ResponseReturnValue:
    """One of them; forms stand outside of what live updates redraw."""
    return _drawn(_card(name))


@blueprint.post("/setup/rules/<name>/params")
@may("rules.change")
def tune(name: str) -> ResponseReturnValue:
    """New values, with a reason: kept, or (button `try`) only tried on the last month."""
    card = _card(name)
    with parts().reading() as conn:
        present = params.current(conn, card.name)[1]
    found = read(card.params.model_json_schema(), present, request.form)
    faults: dict[str, str] = {field: _("cannot be read") for field in found.unreadable}
    if not faults and "try" in request.form:
        return _tried(card, found)
    faults = faults or _tuned(card, present, found)
    if faults:
        return _drawn(card, found, faults), UNREADABLE
    return redirect(url_for("rules.capability", name=card.name), 303)


@blueprint.post("/setup/rules/<name>/params/revert")
@may("rules.change")
def revert(name: str) -> ResponseReturnValue:
    """The values of an older version hold again."""
    card, text = _card(name), request.form.get("version", "")
    version = int(text) if text.isdecimal() and len(text) < 10 else -1
    reason = _("back to version %(version)s", version=version)
    return _done(lambda conn, who, now: tuning.revert(conn, card, version, reason, who, now))


@blueprint.post("/setup/rules/<name>/challenger")
@may("rules.change")
def judge(name: str) -> ResponseReturnValue:
    """Promote, reject or reopen the challenger, with a reason."""
    card, said = _card(name), request.form.get("verdict", "")
    word: Word | None = next((each for each in WORDS if each == said), None)
    if word is None:
        return answer(CHANGED, _("Nothing was changed: there is no such button."))
    reason = request.form.get("reason", "")
    return _done(lambda conn, who, now: contest.judge(conn, card, word, reason, who, now))


@blueprint.post("/setup/rules/<name>/autopilot")
@may("autopilot.set")
def set_autopilot(name: str) -> ResponseReturnValue:
    """What it may approve alone."""
    card, form = _card(name), request.form
    try:
        rule = Rule(
            site=parts().site,
            capability=card.name,
            is_on="is_on" in form,
            most_effect=float(form["most_effect"]),
            most_effect_a_day=float(form["most_effect_a_day"]),
            currency=form["currency"].strip().upper(),
            most_quantity=float(form["most_quantity"]) if form.get("most_quantity", "").strip() else None,
            least_confidence=float(form["least_confidence"]) / 100,
            undo_minutes=float(form["undo_minutes"]),
            pause_after=int(form["pause_after"]),
            changed_by=current_person().name,
            changed_at=parts().now(),
        )
    except ValueError:
        return answer(CHANGED, _("Nothing was changed: a limit cannot be read as a number."))
    return _done(lambda conn, _who, _now: limits.change(conn, card, rule))


@blueprint.post("/setup/rules/autopilot")
@may("autopilot.stop")
def switch() -> ResponseReturnValue:
    """Stop every autopilot of the house, or let those that are on go on."""
    act = limits.stop_all if "stop" in request.form else limits.release_all
    return _done(act)


def _done(act: Callable[[Connection, str, datetime], object]) -> ResponseReturnValue:
    problem: str | None = None
    try:
        with parts().writing() as conn:
            act(conn, current_person().name, parts().now())
    except (Refused, ValidationError) as error:
        problem = _("Nothing was changed: %(why)s", why=error)
    return answer(CHANGED, problem)


def _tuned(card: Capability, present: Mapping[str, Any], found: Read) -> dict[str, str]:
    """Field → what is wrong with it; empty when the rules are changed."""
    based_on = request.form.get("based_on", "")
    values = {name: found.settings.get(name) for name in {*found.settings, *present}}
    said = Tuning(
        values=values, reason=request.form.get("reason", ""), based_on=int(based_on) if based_on.isdecimal() else -1
    )
    try:
        with parts().writing() as conn:
            tuning.tune(conn, card, said, current_person().name, parts().now())
    except ValidationError as error:
        return _faults(error)
    except ParamsRefused as error:
        return {"": _("Nothing was changed: %(why)s", why=error)}
    return {}


def _tried(card: Capability, found: Read) -> ResponseReturnValue:
    now = parts().now()
    values = {name: found.settings.get(name) for name in card.params.model_fields}
    question = Question(site=parts().site, since=now - timedelta(days=REPLAY_DAYS), until=now, values=values)
    try:
        with parts().reading() as conn:
            replay = replaying.replay(conn, card, question)
    except ValidationError as error:
        return _drawn(card, found, _faults(error)), UNREADABLE
    return _drawn(card, found, replay=replay)


def _faults(error: ValidationError) -> dict[str, str]:
    return {str(each["loc"][0]) if each["loc"] else "": each["msg"] for each in error.errors(include_url=False)}


def _drawn(
    card: Capability, found: Read | None = None, faults: Mapping[str, str] | None = None, replay: Replay | None = None
) -> str:
    with parts().reading() as conn:
        version, present = params.current(conn, card.name)
        rule = autopilot.rule(conn, parts().site, card.name)
    drawn = fields(card.params.model_json_schema(), found.settings if found else present)
    if found is not None:
        drawn = [_as_typed(field) for field in drawn]
    more = {"fields": drawn, "faults": faults or {}, "based_on": version, "replay": replay, "rule": rule, "card": card}
    return show(ONE, card.name, **more, reason=request.form.get("reason", ""), most_shown=MOST_SHOWN, days=REPLAY_DAYS)


def _as_typed(field: Field) -> Field:
    return replace(field, text=request.form.get(field.name, field.text), is_ticked=field.name in request.form)
