"""Alarms in the reader's language: what each is called, how it stands, why it was put away."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from flask import Flask
from flask_babel import gettext as _

from central.console.advice import ADVICE, Advice
from central.console.language import clock
from central.console.vocabulary import WORDS, coded
from central.console.words import name_of
from central.deciding.capability import N_
from central.floor import alarms
from central.floor.alarm_book import Standing
from central.parts import parts

SPANS: Mapping[str, tuple[timedelta, str]] = MappingProxyType(
    {
        "15m": (timedelta(minutes=15), N_("15 minutes")),
        "1h": (timedelta(hours=1), N_("1 hour")),
        "shift": (timedelta(hours=8), N_("this shift (8 hours)")),
    }
)
REASONS = WORDS["shelving"]


def register(app: Flask) -> None:
    """Give templates these words."""
    app.jinja_env.globals.update(
        alarm_state=state_of, alarm_state_words=state_words, alarm_name=name, alarm_advice=advice, alarm_thing=thing
    )
    app.jinja_env.filters["put_away_for"] = reason


def state_of(standing: Standing) -> alarms.Name:
    """Which of the standard's states it is in now."""
    return alarms.state(standing.life, parts().now())


def state_words(standing: Standing) -> str:
    """How it stands, by whom and since or until when."""
    life, name = standing.life, state_of(standing)
    if name == "shelved" and life.shelved_until is not None:
        until = clock(life.shelved_until, "HH:mm")
        return str(_("Shelved by %(person)s until %(time)s", person=life.shelved_by, time=until))
    if name == "out_of_service":
        return str(_("Out of service by %(person)s", person=life.out_of_service_by))
    if name == "acknowledged" and life.acknowledged_at is not None:
        at = clock(life.acknowledged_at, "HH:mm")
        return str(_("Acknowledged by %(person)s %(time)s", person=life.acknowledged_by, time=at))
    return coded(name, "alarm_state")


def thing(noun: str, name: str) -> str:
    """What people call the machine; a device by its name."""
    return name if noun == "device" else name_of(name, "machine")


def name(alarm: str) -> str:
    """An alarm by its name: the thing, and what is wrong with it."""
    noun, of_thing, rule = alarm.split("/", 2)
    return f"{thing(noun, of_thing)}: {coded(rule, 'rule')}"


def advice(rule: str) -> Advice | None:
    """What is known of alarms by that rule."""
    return ADVICE.get(rule)


def reason(text: str | None) -> str:
    """Why it was put away: one of the short list, a remark, or what a program wrote."""
    code, mark, note = (text or "").partition(": ")
    if code not in REASONS:
        return text or ""
    words = coded(code, "shelving")
    return f"{words}: {note}" if mark else words


def written(code: str, note: str) -> str | None:
    """The reason as it is kept; None where nothing was chosen, or "other" without a word."""
    note = note.strip()
    if code not in REASONS or (code == "other" and not note):
        return None
    return f"{code}: {note}" if note else code
