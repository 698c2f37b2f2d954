"""Edge devices: what each last said of itself, and the ledger that says whether anything of it is missing."""

from typing import Any

import msgspec
from flask import Response
from pydantic import BaseModel, Field

from central.api import nouns
from central.api.access import caller, needs
from central.api.answers import Answer, Moment, answer
from central.api.problems import Problem
from central.errors import DeviceError
from central.fleet import revocation
from central.floor import devices
from central.floor.devices import DeviceState
from central.parts import parts
from central.store import devices as store

blueprint = nouns.blueprint_for("devices")


class LedgerShape(Answer, frozen=True):
    """Completeness: everything up to `cursor` is here; `missing` were numbered by the device and are not here yet.

    `news` overtook a backlog; the highest number here is `taken_upto`; `redated` stand under another time than was said.
    """

    cursor: int
    expected: int
    stored: int
    missing: int
    declared_lost: int
    duplicates: int
    quarantined: int
    news: int
    taken_upto: int
    redated: int
    unsent: int | None
    unsent_bytes: int | None
    oldest_unsent_s: float | None


class DeviceShape(Answer, frozen=True):
    """One device; `birth` and `health` as it sent them."""

    device: str
    label: str
    online: bool
    heard_at: Moment | None
    added_at: Moment
    ledger: LedgerShape
    birth: dict[str, Any] | None
    health: dict[str, Any] | None


class DevicePath(BaseModel):
    """A device by its name."""

    device: str = Field(max_length=32)


class RevokedShape(Answer, frozen=True):
    """`session_ended`: the broker was told, and no session of the device is open any more."""

    device: str
    session_ended: bool


class DevicesShape(Answer, frozen=True):
    """By name."""

    items: list[DeviceShape]


@blueprint.get("", summary="Devices with their completeness ledgers", responses={200: DevicesShape})
@needs("devices:read")
def every() -> Response:
    """All devices of the token's site."""
    with parts().reading() as conn:
        known = devices.all_devices(conn, caller().site)
    return answer(DevicesShape(items=[_shape(state) for state in known]))


@blueprint.delete("/<device>", summary="Shut a device out", responses={200: RevokedShape})
@needs("devices:admit")
def revoke(path: DevicePath) -> Response:
    """Its certificates, password and claims are worth nothing from now on, its open session ends within seconds.

    What it said stays; it comes back by a new claim. 409 where it was shut out before.
    """
    running, gate = parts(), parts().require_gate()
    with running.reading() as conn:
        known = store.get(conn, path.device)
    if known is None or known.site != caller().site:
        raise Problem(404, "not-found", f"There is no device {path.device} at site {caller().site}.")
    try:
        done = revocation.revoke_and_enforce(running.writing, gate, path.device, f"token {caller().name}", running.now())
    except DeviceError as error:
        raise Problem(409, "revoked-before", str(error)) from error
    return answer(RevokedShape(device=path.device, session_ended=done.session_ended))


def _shape(state: DeviceState) -> DeviceShape:
    queue = state.health.outbox if state.health else None
    ledger = LedgerShape(
        cursor=state.cursor,
        expected=max(state.highest_seen, queue.last_sequence if queue else 0),
        stored=state.stored,
        missing=state.missing,
        declared_lost=state.declared_lost,
        duplicates=state.duplicates,
        quarantined=state.quarantined,
        news=state.news,
        taken_upto=state.taken_upto,
        redated=state.redated,
        unsent=queue.count if queue else None,
        unsent_bytes=queue.bytes if queue else None,
        oldest_unsent_s=queue.oldest_age_s if queue else None,
    )
    return DeviceShape(
        device=state.device,
        label=state.label,
        online=state.online,
        heard_at=state.heard_at,
        added_at=state.added_at,
        ledger=ledger,
        birth=msgspec.to_builtins(state.birth),
        health=msgspec.to_builtins(state.health),
    )
