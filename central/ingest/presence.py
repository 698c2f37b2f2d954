"""States that devices tell of themselves: births, wills, health, reported twins. Stored as they are, newest only."""

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from msgspec import Struct
from sqlalchemy import Connection

from central.fleet import twin
from central.ingest.accept import Quarantined
from central.ingest.projections.device_state import is_outdated
from central.ingest.registry import Registry, Stranger, speaker_of
from central.store import audit, changes, devices
from protocols import codec, signing
from protocols.envelope import MAX_STATE_BYTES
from protocols.errors import BadSignature, ProtocolError
from protocols.messages.device import Birth, Health, Reported, Will
from protocols.topics import EdgeTopic

State = Birth | Will | Health | Reported
_ABOUT = {"status": Birth | Will, "health": Health, "reported": Reported}


class Said(Struct, frozen=True):
    """What a device said: the message, and the same as the JSON that came."""

    site: str
    device: str
    message: State
    state: dict[str, object]


def accept(topic: EdgeTopic, payload: bytes, properties: Mapping[str, str], registry: Registry) -> Said | Quarantined | None:
    """What to do about a state; None for one that is taken back (empty)."""
    if not payload or topic.branch not in _ABOUT:
        return None
    speaker = speaker_of(topic, registry)
    if isinstance(speaker, Stranger):
        return Quarantined(speaker.reason, speaker.detail, topic.device)
    if speaker.site != topic.site:
        return Quarantined("wrong_site", f"{topic.device} belongs to {speaker.site}, not to {topic.site}", topic.device)
    try:
        signing.verify(speaker.key, payload, properties.get("sig"))
        message = codec.decode(payload, cast("type[State]", _ABOUT[topic.branch]), MAX_STATE_BYTES)
        state = codec.decode(payload, dict[str, object], MAX_STATE_BYTES)
    except ProtocolError as error:
        return Quarantined("bad_signature" if isinstance(error, BadSignature) else "unreadable", str(error), topic.device)
    return Said(topic.site, topic.device, message, state)


def note(conn: Connection, said: Said, now: datetime) -> None:
    """Keep a state, unless it is of a boot that is over."""
    message = said.message
    if isinstance(message, Birth):
        _note_privacy(conn, said.device, message, now)
        devices.heard(conn, said.device, now, online=True, boot=message.boot, birth=said.state)
    elif isinstance(message, Health):
        devices.heard(conn, said.device, now, health=said.state)
    elif isinstance(message, Reported):
        devices.heard(conn, said.device, now, reported=said.state)
        changes.log(conn, said.site, "twin", said.device, now)
        if known := devices.get(conn, said.device):
            twin.overtake(conn, known, message, now)
    elif is_outdated(message, devices.boot_of(conn, said.device)):
        return
    else:
        devices.heard(conn, said.device, now, online=False, boot=message.boot)
    changes.log(conn, said.site, "device", said.device, now)


def _note_privacy(conn: Connection, device: str, birth: Birth, now: datetime) -> None:
    """What leaves a device of its pictures is on record from its first birth, and each time it changes."""
    before = (devices.birth_of(conn, device) or {}).get("privacy")
    if birth.privacy and birth.privacy != before:
        deed = audit.Deed(who=device, action="device.privacy", thing=f"device/{device}", before=before, after=birth.privacy)
        audit.record(conn, deed, now)
