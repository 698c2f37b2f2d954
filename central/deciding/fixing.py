"""A person fixes part of the proposals about a subject, for a reason and until a moment; each new proposal keeps to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from central.deciding.capability import Capability, InputsT, Subject
from central.deciding.locking import fixed_text
from central.deciding.outcome import Cause
from central.deciding.review import NOTE_CHARACTERS, REASONS
from central.errors import LockRefused
from central.store import audit, changes, decisions, due, locks
from central.store.audit import Deed
from central.store.locks import Lock

MOST_DAYS = 366


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person wants fixed: fields of the proposal and their values, why, and until when."""

    values: Mapping[str, Any]
    reason: str | None
    until: datetime
    note: str | None = None


def fix(conn: Connection, card: Capability, subject: Subject, wish: Wish, person: str, now: datetime) -> Lock:
    """Fix it from now on; the subject is decided again. Raises LockRefused."""
    values = _checked(conn, card, subject, wish, now)
    lock = locks.add(
        conn,
        Lock(
            site=subject.site,
            capability=card.name,
            subject=subject.key,
            values=values,
            reason=wish.reason or "",
            note=wish.note,
            person=person,
            fixed_at=now,
            expires_at=wish.until,
        ),
    )
    said = {"values": values, "reason": wish.reason, "note": wish.note, "until": wish.until.isoformat()}
    _note(conn, lock, Deed(who=person, action="lock.fix", thing=_thing(lock), after=said), now)
    return lock


def lift(conn: Connection, site: str, lock_id: int, person: str, now: datetime) -> Lock:
    """Let the planner have it back. Raises LockRefused when there is no such lock, or it holds no longer."""
    lock = locks.get(conn, lock_id)
    if lock is None or lock.site != site:
        raise LockRefused(f"there is no lock {lock_id} at {site}; look at the list again")
    if lock.lifted_at is not None or lock.expires_at <= now:
        raise LockRefused(f"lock {lock_id} holds no longer; there is nothing to lift")
    locks.lift(conn, lock_id, person, now)
    _note(conn, lock, Deed(who=person, action="lock.lift", thing=_thing(lock), before=lock.values), now)
    return lock


def fixed(conn: Connection, card: Capability, subject: Subject, inputs: InputsT, now: datetime) -> InputsT:
    """The inputs with what people fixed about the subject in them, each lock among the causes."""
    holding = locks.holding(conn, subject.site, card.name, subject.key, now)
    if not holding:
        return inputs
    values = {name: value for lock in holding for name, value in lock.values.items()}
    causes = tuple(_cause(lock) for lock in holding)
    return inputs.model_copy(update={"locks": values, "causes": (*inputs.causes, *causes)})


def wake_ended(conn: Connection, since: datetime, now: datetime) -> int:
    """Have subjects decided again whose locks ran out after `since`; how many locks did."""
    ended = locks.ended(conn, since, now)
    for lock in ended:
        due.wake(conn, lock.site, lock.capability, lock.subject, now, not_before=now)
        changes.log(conn, lock.site, "lock", str(lock.id), now)
    return len(ended)


def _checked(conn: Connection, card: Capability, subject: Subject, wish: Wish, now: datetime) -> dict[str, Any]:
    may = ", ".join(sorted(card.adjustable | card.respects))
    if not wish.values or not set(wish.values) <= card.adjustable | card.respects:
        raise LockRefused(f"of this proposal {may} can be fixed; name at least one of these and no other")
    if wish.reason not in REASONS:
        raise LockRefused(f"to fix part of a proposal, give one of the reasons {', '.join(REASONS)}")
    if wish.note and len(wish.note) > NOTE_CHARACTERS:
        raise LockRefused(f"the note has {len(wish.note)} characters; at most {NOTE_CHARACTERS} are kept")
    if not now < wish.until <= now + timedelta(days=MOST_DAYS):
        raise LockRefused(f"until {wish.until:%Y-%m-%d %H:%M}: a lock ends after now, within {MOST_DAYS} days")
    return _as_proposed(conn, card, subject, wish)


def _as_proposed(conn: Connection, card: Capability, subject: Subject, wish: Wish) -> dict[str, Any]:
    """The values as the proposal writes them; by the standing proposal where there is one, else by the fields alone."""
    stands = decisions.standing(conn, subject.site, card.name, subject.key)
    whole = stands.proposal if stands is not None and stands.proposal else _example(card)
    try:
        proposal = card.proposal.model_validate({**whole, **wish.values})
    except ValidationError as error:
        raise LockRefused(f"{fixed_text(wish.values)} is no proposal: {error.errors()[0]['msg']}") from error
    written = proposal.model_dump(mode="json")
    return {name: written[name] for name in wish.values}


def _example(card: Capability) -> dict[str, Any]:
    inputs, params = card.example()
    proposal = card.decide(inputs, params).proposal
    return proposal.model_dump(mode="json") if proposal is not None else {}


def _cause(lock: Lock) -> Cause:
    values = {"person": lock.person, "until": lock.expires_at.isoformat(), "fixed": fixed_text(lock.values)}
    return Cause("lock", str(lock.id), values=values)


def _thing(lock: Lock) -> str:
    return f"lock/{lock.id}/{lock.capability}/{lock.subject}"


def _note(conn: Connection, lock: Lock, deed: Deed, now: datetime) -> None:
    audit.record(conn, deed, now)
    changes.log(conn, lock.site, "lock", str(lock.id), now)
    due.wake(conn, lock.site, lock.capability, lock.subject, now, not_before=now)
