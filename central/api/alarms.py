"""Alarms as programs see them, by the states of ISA-18.2, and what programs may do to them in the name of their token."""

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import Answer, Moment, answer
from central.api.problems import Problem
from central.errors import Refused
from central.floor import alarm_book, alarms
from central.floor.alarm_book import Standing
from central.floor.alarms import Acknowledged, Happening, Reset, Shelved, Unshelved
from central.parts import parts
from central.store import alarms as book
from protocols.messages.alarm import AlarmState

blueprint = nouns.blueprint_for("alarms")


class AlarmsQuery(BaseModel, extra="forbid"):
    """Those that are not plainly over, unless `state` asks for `normal`."""

    state: AlarmState | None = None
    thing: str | None = Field(None, max_length=64)


class AlarmPath(BaseModel):
    """An alarm by its name, slashes and all: `machine/conveyor-1/level`."""

    alarm: str = Field(max_length=160)


class NoBody(BaseModel, extra="forbid"):
    """`{}`."""


class ShelveBody(BaseModel, extra="forbid"):
    """For how long, at most twelve hours, and why."""

    minutes: int = Field(ge=1, le=720)
    reason: str = Field(min_length=1, max_length=200)


class AlarmShape(Answer, frozen=True):
    """One alarm. noun: machine, sensor or device; priority: 1 (now) to 4; times: how often it was raised so far."""

    alarm: str
    noun: str
    thing: str
    rule: str
    state: AlarmState
    priority: int
    since: Moment | None
    raised_at: Moment | None
    times: int
    acknowledged_by: str | None
    acknowledged_at: Moment | None
    shelved_by: str | None
    shelved_until: Moment | None
    out_of_service_by: str | None
    suppressed_by: str | None
    reason: str | None


class AlarmsShape(Answer, frozen=True):
    """The gravest first, of equals the oldest."""

    items: list[AlarmShape]


@blueprint.get("", summary="Alarms, the gravest first", responses={200: AlarmsShape})
@needs("alarms:read")
def every(query: AlarmsQuery) -> Response:
    """Alarms of the token's site."""
    running, site = parts(), caller().site
    with running.reading() as conn:
        is_over = query.state == "normal"
        found = alarm_book.all_standing(conn, site, query.thing) if is_over else alarm_book.open_standing(conn, site)
    shapes = [_shape(one, running.now()) for one in found if query.thing in (None, one.thing)]
    asked = [one for one in shapes if query.state in (None, one.state)]
    return answer(AlarmsShape(items=sorted(asked, key=lambda one: (one.priority, str(one.raised_at), one.alarm))))


@blueprint.post("/<path:alarm>/acknowledge", summary="Somebody has seen it", responses={200: AlarmShape})
@needs("alarms:write")
def acknowledge(path: AlarmPath, body: NoBody) -> Response:
    """A fact: there is no way back. 409 names who was first."""
    del body
    return _done(path.alarm, Acknowledged)


@blueprint.post("/<path:alarm>/reset", summary="A latched alarm is over", responses={200: AlarmShape})
@needs("alarms:write")
def reset(path: AlarmPath, body: NoBody) -> Response:
    """409 while the condition holds, or nobody has acknowledged it."""
    del body
    return _done(path.alarm, Reset)


@blueprint.post("/<path:alarm>/shelve", summary="Away for a while, back by itself", responses={200: AlarmShape})
@needs("alarms:write")
def shelve(path: AlarmPath, body: ShelveBody) -> Response:
    """409 when it is shelved already."""
    span = timedelta(minutes=body.minutes)
    return _done(path.alarm, lambda now, who: Shelved(now, who, now + span, body.reason))


@blueprint.post("/<path:alarm>/unshelve", summary="Back before its time", responses={200: AlarmShape})
@needs("alarms:write")
def unshelve(path: AlarmPath, body: NoBody) -> Response:
    """409 when it is not shelved."""
    del body
    return _done(path.alarm, Unshelved)


def _done(name: str, happening: Callable[[datetime, str], Happening]) -> Response:
    running, site = parts(), caller().site
    with running.writing() as conn:
        _check_known(conn, site, name)
        now = running.now()
        try:
            after = alarm_book.act(conn, site, name, happening(now, f"token {caller().name}"), now)
        except Refused as error:
            raise Problem(409, "alarm-refused", str(error)) from error
    return answer(_shape(after, now))


def _check_known(conn: Connection, site: str, name: str) -> None:
    if name not in book.of(conn, site, {name}):
        raise Problem(404, "not-found", f"There is no alarm {name} at site {site}.")


def _shape(one: Standing, now: datetime) -> AlarmShape:
    kept = {name: getattr(one.life, name) for name in AlarmShape.model_fields if hasattr(one.life, name)}
    state = alarms.state(one.life, now)
    return AlarmShape(alarm=one.alarm, noun=one.noun, thing=one.thing, rule=one.rule, state=state, **kept)
