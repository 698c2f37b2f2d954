"""What people do to alarms from any page: each form names the alarms that it showed, so that nothing unseen is acted on."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Connection

from central.console import alarm_words
from central.console.access import current_person, may
from central.console.language import clock
from central.console.redraw import answer
from central.errors import Refused
from central.floor import alarm_book, alarms
from central.floor.alarms import Acknowledged, Happening, InService, OutOfService, Reset, Shelved, Unshelved
from central.parts import parts
from central.store import alarms as book

blueprint = Blueprint("alarm_deeds", __name__)
MOST = 50  # alarms of one thing that a form may name


@blueprint.post("/alarms/acknowledge")
@may("alarm.acknowledge")
def acknowledge() -> ResponseReturnValue:
    """Seen, and in somebody's hands. A fact: there is no way back."""
    return _done(Acknowledged)


@blueprint.post("/alarms/reset")
@may("alarm.acknowledge")
def reset() -> ResponseReturnValue:
    """A latched alarm is over."""
    return _done(Reset)


@blueprint.post("/alarms/shelve")
@may("alarm.shelve")
def shelve() -> ResponseReturnValue:
    """Away for a while, for a reason; back by itself."""
    span, reason = alarm_words.SPANS.get(request.form.get("span", "")), _reason()
    if span is None or reason is None:
        return _unsaid()
    return _done(lambda now, who: Shelved(now, who, now + span[0], reason))


@blueprint.post("/alarms/unshelve")
@may("alarm.shelve")
def unshelve() -> ResponseReturnValue:
    """Back before its time."""
    return _done(Unshelved)


@blueprint.post("/alarms/out-of-service")
@may("alarm.take_out")
def take_out() -> ResponseReturnValue:
    """For maintenance, until somebody puts it back."""
    reason = _reason()
    return _unsaid() if reason is None else _done(lambda now, who: OutOfService(now, who, reason))


@blueprint.post("/alarms/in-service")
@may("alarm.take_out")
def put_back() -> ResponseReturnValue:
    """The maintenance is over."""
    return _done(InService)


@blueprint.post("/alarms/comment")
@may("alarm.acknowledge")
def comment() -> ResponseReturnValue:
    """A remark in the journal."""
    running, person, words = parts(), current_person().name, request.form.get("note", "")
    if not words.strip():
        return _unsaid()
    with running.writing() as conn:
        for name in _known(conn):
            alarm_book.comment(conn, running.site, name, person, words, running.now())
    return answer(frozenset({"alarm"}))


def _done(happening: Callable[[datetime, str], Happening]) -> ResponseReturnValue:
    """Do it to each alarm that the form names; what does not fit one stops none of the others."""
    running, person = parts(), current_person().name
    problems: list[str] = []
    with running.writing() as conn:
        for name in _known(conn):
            happens = happening(running.now(), person)
            try:
                alarm_book.act(conn, running.site, name, happens, running.now())
            except Refused:
                problems.append(_why_not(alarm_book.one(conn, running.site, name).life, happens, running.now()))
    return answer(frozenset({"alarm"}), " ".join(dict.fromkeys(problems)) or None)


def _known(conn: Connection) -> list[str]:
    """Those alarms of the form that there are."""
    asked = list(dict.fromkeys(request.form.getlist("alarm")))[:MOST]
    known = book.of(conn, parts().site, asked)
    return [name for name in asked if name in known]


def _reason() -> str | None:
    return alarm_words.written(request.form.get("reason", ""), request.form.get("note", ""))


def _unsaid() -> ResponseReturnValue:
    return answer(frozenset(), _("Say for how long and why; for another reason, write it down. Nothing was changed."))


def _why_not(life: alarms.Alarm, happening: Happening, now: datetime) -> str:
    """Who was first, where somebody was."""
    if isinstance(happening, Acknowledged) and life.acknowledged_by and life.acknowledged_at:
        at = clock(life.acknowledged_at, "HH:mm:ss")
        return str(_("%(person)s acknowledged this at %(time)s. Nothing was changed.", person=life.acknowledged_by, time=at))
    if isinstance(happening, Shelved) and alarms.is_shelved(life, now) and life.shelved_until:
        at = clock(life.shelved_until, "HH:mm")
        return str(_("%(person)s has shelved this until %(time)s. Nothing was changed.", person=life.shelved_by, time=at))
    if isinstance(happening, OutOfService) and life.out_of_service_by:
        return str(_("%(person)s has taken this out of service. Nothing was changed.", person=life.out_of_service_by))
    return str(_("This alarm stands otherwise by now: look at it again. Nothing was changed."))
