"""How a capability is taught: read its lessons, fit with no transaction open, keep what was learned in one write."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import Connection, Engine

from central.deciding.capability import EVERY_SUBJECT, Capability, Lessons, Subject
from central.store import artefacts, due, params
from central.store.artefacts import Artefact
from central.store.engine import reading, writing


@dataclass(frozen=True)
class _Asked:
    lessons: Lessons
    before: Artefact | None
    params_version: int


def learn(engine: Engine, card: Capability, subject: Subject, now: datetime) -> bool:
    """Fit `card` for one subject, unless nothing changed since the last fit; whether there is something new.

    A subject with a new model is decided again. A card without lessons learns nothing.
    """
    asked = _asked(engine, card, subject, now)
    if asked is None:
        return False
    data = asked.lessons.sha256()
    is_same = asked.before and (asked.before.data_sha256, asked.before.params_version) == (data, asked.params_version)
    body = None if is_same else asked.lessons.fit()
    if body is None:
        return False
    made = Artefact(
        site=subject.site,
        capability=card.name,
        subject=subject.key,
        version=asked.before.version + 1 if asked.before else 1,
        fitted_at=now,
        data_sha256=data,
        params_version=asked.params_version,
        body=body,
    )
    with writing(engine) as conn:
        artefacts.put(conn, made)
        if card.learned is not None:
            card.learned(conn, subject, body, now)
        concerned = card.subjects(conn, subject.site) if subject.key == EVERY_SUBJECT else [subject.key]
        due.wake_all(conn, {due.Call(subject.site, card.name, key, now) for key in concerned}, now)
    return True


def pupils(conn: Connection, card: Capability, site: str) -> list[Subject]:
    """Whom a card is taught about at a site: each subject, or all of them at once; nobody where it does not learn."""
    if card.lessons is None:
        return []
    return [Subject(site, key) for key in ([EVERY_SUBJECT] if card.learns_together else card.subjects(conn, site))]


def _asked(engine: Engine, card: Capability, subject: Subject, now: datetime) -> _Asked | None:
    if card.lessons is None:
        return None
    with reading(engine) as conn:
        version, values = params.current(conn, card.name)
        knobs: BaseModel = card.params.model_validate(values)
        lessons = card.lessons(conn, subject, knobs, now)
        return _Asked(lessons, artefacts.newest(conn, subject.site, card.name, subject.key), version)
