"""A person changes how a capability decides: checked, versioned, audited, undone; all it decides is decided again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from central.deciding.capability import Capability
from central.deciding.waking import wake_every_subject
from central.errors import ParamsRefused
from central.store import audit, changes, params
from central.store.audit import Deed

REASON_CHARACTERS = 500


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """New values for some params (None: back to the default), why, and the version they were chosen from."""

    values: Mapping[str, Any]
    reason: str
    based_on: int


def tune(conn: Connection, card: Capability, tuning: Tuning, person: str, now: datetime) -> int:
    """The new version, by which all is decided again. Raises ParamsRefused, pydantic's ValidationError."""
    version, before = params.current(conn, card.name)
    if version != tuning.based_on:
        raise ParamsRefused(f"the rules of {card.name} are of version {version} by now, not {tuning.based_on}: look again")
    wanted = {name: value for name, value in {**before, **tuning.values}.items() if value is not None}
    return _keep(conn, card, wanted, tuning.reason, person, now)


def revert(conn: Connection, card: Capability, to: int, reason: str, person: str, now: datetime) -> int:
    """A new version with the values of an old one. Raises ParamsRefused, pydantic's ValidationError."""
    values = params.values_of(conn, card.name, to)
    if values is None:
        raise ParamsRefused(f"the rules of {card.name} never had a version {to}; choose one of its history")
    return _keep(conn, card, values, reason, person, now)


def _keep(conn: Connection, card: Capability, wanted: dict[str, Any], reason: str, person: str, now: datetime) -> int:
    if not reason.strip() or len(reason) > REASON_CHARACTERS:
        raise ParamsRefused(f"say why in at most {REASON_CHARACTERS} characters: others read it in the history")
    before = params.current(conn, card.name)[1]
    checked = card.params.model_validate(wanted).model_dump(mode="json")
    defaults = card.params().model_dump(mode="json")
    values = {name: value for name, value in checked.items() if value != defaults[name]}
    if values == before:
        raise ParamsRefused(f"the rules of {card.name} are these already")
    version = params.change(conn, card.name, values, person, now, reason.strip())
    after = {"values": values, "reason": reason.strip()}
    deed = Deed(who=person, action="params.change", thing=f"params/{card.name}/{version}", before=before, after=after)
    audit.record(conn, deed, now)
    changes.log(conn, "", "capability", card.name, now)
    wake_every_subject(conn, card, now)
    return version
