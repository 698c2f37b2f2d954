"""The desired twin of each device: changed by people and rollouts, checked, kept, and what is said of it on the wire.

Version 0 wants nothing; heard signed and retained, it proves to a device that its subscription works.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection

from central.errors import DeviceError, SettingsRefused
from central.fleet.setting_faults import SettingFault
from central.fleet.settings_schema import faults
from central.store import audit, changes, devices, twins
from central.store.audit import Deed
from central.store.devices import Device
from central.store.twins import Twin
from protocols import topics
from protocols.codec import encode
from protocols.envelope import LARGEST
from protocols.messages.device import Birth, Desired, Reported
from protocols.messages.model_release import ModelRelease
from protocols.signing import PrivateKey, sign

MOST_BYTES = 60_000  # a twin is one message
Settings = Mapping[str, Any]
Progress = Literal["own", "pending", "applied", "refused"]


@dataclass(frozen=True)
class Retained:
    """One retained message, with the signature of its payload; an empty payload takes a retained one back."""

    topic: str
    payload: bytes
    signature: str | None


def change(
    conn: Connection,
    device: str,
    *,
    settings: Mapping[str, Settings | None] | None = None,
    models: Mapping[str, ModelRelease | None] | None = None,
    who: str,
    now: datetime,
) -> int:
    """Want something else of a device; the new version, or the old one when nothing changes.

    settings: "source/kind" → the task's whole settings, models: kind → bundle; None leaves it to the device's own file, and
    what is not named stays as wanted before. Raises DeviceError, SettingsRefused.
    """
    known = devices.get(conn, device)
    if known is None or known.revoked_at is not None:
        raise DeviceError(f"no device {device!r} may speak; `tallyhouse device list` shows those that do")
    before = twins.get(conn, device)
    after = replace(
        before,
        settings=_merged(before.settings, settings or {}),
        models=_merged(before.models, {kind: _plain(release) for kind, release in (models or {}).items()}),
    )
    if (after.settings, after.models) == (before.settings, before.models):
        return before.version
    _check(announced(conn, device), after, [task for task, wanted in (settings or {}).items() if wanted is not None])
    _put(conn, known, before, replace(after, version=before.version + 1, changed_by=who, changed_at=now), now)
    return before.version + 1


def overtake(conn: Connection, device: Device, reported: Reported, now: datetime) -> None:
    """Let a device that applied a later version than this house wants (it was restored from a backup) be heard again."""
    wanted = twins.get(conn, device.device)
    if wanted.version < reported.version < LARGEST:
        again = replace(wanted, version=reported.version + 1, changed_by="centre", changed_at=now)
        _put(conn, device, wanted, again, now)


def state_of(wanted: Twin, said: Reported | None) -> Progress:
    """How far a device has come with what is wanted of it; `refused` when it took the version but not all of it."""
    if wanted.version == 0:
        return "own"
    if said is None or said.version < wanted.version:
        return "pending"
    return "refused" if said.refused else "applied"


def reported(conn: Connection, device: str) -> Reported | None:
    """What a device last said of its twin; None when it said nothing that can be read."""
    words = devices.reported_of(conn, device)
    try:
        return None if words is None else msgspec.convert(words, Reported, strict=False)
    except msgspec.ValidationError:
        return None


def announced(conn: Connection, device: str) -> Birth | None:
    """What a device said of itself when it was last born; None when it said nothing that can be read."""
    words = devices.birth_of(conn, device)
    try:
        return None if words is None else msgspec.convert(words, Birth, strict=False)
    except msgspec.ValidationError:
        return None


def desired(devices_: Iterable[Device], wanted: Mapping[str, Twin], key: PrivateKey) -> list[Retained]:
    """What to say to each device; what was said to a revoked one is taken back."""
    said = []
    for device in devices_:
        topic = topics.down(device.site, device.device, "desired")
        if device.revoked_at is not None:
            said.append(Retained(topic, b"", None))
            continue
        payload = encode(_message(wanted.get(device.device, Twin(device.device))))
        said.append(Retained(topic, payload, sign(key, payload)))
    return said


def _message(twin: Twin) -> Desired:
    models = {kind: msgspec.convert(release, ModelRelease) for kind, release in twin.models.items()}
    name = twin.device if twin.version else None
    return Desired(version=twin.version, device=name, settings=twin.settings, models=models)


def _merged(before: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**before, **named}.items() if value is not None}


def _plain(release: ModelRelease | None) -> Any:
    return None if release is None else msgspec.to_builtins(release)


def _check(birth: Birth | None, wanted: Twin, named: Iterable[str]) -> None:
    """Raises SettingsRefused for a task the device has not, settings that do not fit it, and a twin that is no message."""
    tasks = {f"{task.source}/{task.kind}": task for task in (birth.tasks if birth else ())}
    found: list[SettingFault] = []
    for name in named:
        if name not in tasks:
            code = "no_such_task" if tasks else "never_connected"
            found.append(SettingFault(f"/{_escaped(name)}", code, {"device": wanted.device, "known": ", ".join(tasks)}))
            continue
        schema = tasks[name].settings_schema
        inside = faults(wanted.settings[name], schema)
        found += [replace(fault, pointer=f"/{_escaped(name)}{fault.pointer}") for fault in inside]
    if not found and len(encode(_message(wanted))) > MOST_BYTES:
        found = [SettingFault("", "no_message", {"limit": MOST_BYTES})]
    if found:
        raise SettingsRefused(wanted.device, found)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _put(conn: Connection, device: Device, before: Twin, after: Twin, now: datetime) -> None:
    twins.put(conn, after)
    old, new = ({"version": t.version, "settings": t.settings, "models": t.models} for t in (before, after))
    who = after.changed_by or "centre"
    audit.record(conn, Deed(who=who, action="twin.changed", thing=f"device/{device.device}", before=old, after=new), now)
    changes.log(conn, device.site, "twin", device.device, now)
