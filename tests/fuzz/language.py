"""The doors of `protocols`: everything that reads bytes or text of the wire."""

import zlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec import json

from protocols import codec, enrolment, identity, mqtt, request_signing, signing, topics
from protocols.envelope import MAX_BATCH_BYTES, Acknowledgement
from protocols.errors import BadClaim, BadIdentifier, BadProfile, BadSignature, BadTopic, ProtocolError, Unreadable
from protocols.messages.command import Command, CommandResult, Reply
from protocols.messages.device import Birth, CentralState, Desired, Health, Reported, Will
from protocols.messages.evidence import Evidence
from protocols.messages.lost import Lost
from protocols.messages.model_release import ModelRelease, ModelState
from protocols.messages.registry import EventData, kind_of, read_data
from protocols.sensor_profiles import profile
from tests import makers
from tests.fuzz.door import Door
from tests.makers import NOON

GOLDEN = Path(__file__).parents[1] / "golden" / "0.1"
KEY = signing.new_key()
ID = makers.event_id(1)
DATA: Sequence[EventData] = (
    makers.shelf_count(),
    makers.defect(),
    makers.equipment_anomaly(),
    makers.sensor_summary(),
    Lost(first=1, last=3, reason="evicted"),
    CommandResult(command=ID, action="take_picture", source="cam-1"),
)
RELEASE = ModelRelease(model="shelf-1@sha256:ab", url="http://127.0.0.1/x", sha256="sha256:" + "0" * 64, size_bytes=10)
COMMAND = Command(
    id=ID, device="eye-01", action="recount", issued_at=NOON, expires_at=NOON + timedelta(minutes=1), source="cam-1"
)
DESIRED = Desired(
    version=3, device="eye-01", settings={"cam-1/shelf_count": {"interval_s": 2}}, models={"shelf_count": RELEASE}
)
REPORTED = Reported(
    version=3, boot="b", settings={"cam-1/shelf_count": {}}, models={"shelf_count": ModelState(state="running", model="a")}
)
REPLY = Reply(command=ID, number=1, boot="b", state="done", at=NOON, progress=1.0, result={"counts": 3})


def golden(name: str) -> bytes:
    """A message of release 0.1 as it was written then."""
    return (GOLDEN / f"{name}.json").read_bytes()


def batches() -> list[bytes]:
    """Good batches of every kind of event, in both lanes."""
    events = [makers.event(place, data) for place, data in enumerate(DATA[:4], start=1)]
    lost = makers.event(5, Lost(first=5, last=9, reason="evicted"))
    return [
        golden("batch"),
        codec.encode(makers.batch([*events, lost])),
        codec.encode(makers.batch([makers.event(1, DATA[5]), makers.event(2, kind="foreign/1")])),
        codec.encode(makers.batch(events[1:3], lane="news", first=2)),
    ]


def doors() -> list[Door]:
    """All of them."""
    return [
        Door("batch", batches(), _read_batch, (Unreadable,)),
        Door("zlib", [zlib.compress(one, level) for one in batches() for level in (1, 9)], _inflate, (ProtocolError,), 0.5),
        Door("publish packet", _packets(), lambda body: mqtt.read_publish(body[0] if body else 0, body[1:]), (Unreadable,)),
        Door("topic", [b"tallyhouse/v1/edge/s1/eye-01/up/events"], _topic, (BadTopic, BadIdentifier), 0.5),
        *(_data(data) for data in DATA),
        *(_message(kind, good) for kind, good in MESSAGES.items()),
        Door("sensor profile", _profiles(), _profile, (BadProfile,), 0.2),
        Door("claim code", [str(enrolment.code_from(b"x" * 10, "0" * 64)).encode(), b"a" * 64], _claim, (BadClaim,), 0.2),
        Door("request signature", [_authorization()], _request_signature, (BadSignature,), 0.3),
        Door("keys", [signing.private_pem(KEY), signing.public_text(KEY).encode()], _keys, (BadSignature,), 0.2),
        Door("sku", [b"oat-milk-1l", "茶 / 100 g".encode()], _sku, (BadIdentifier,), 0.2),
    ]


MESSAGES: Mapping[Any, Sequence[bytes]] = {
    Acknowledgement: [
        golden("ack"),
        codec.encode(Acknowledgement(boot="b", gap=3, ahead=9, begun={RELEASE.sha256: 5}, replies=[1])),
    ],
    Desired: [golden("desired"), codec.encode(DESIRED)],
    Command: [codec.encode(COMMAND)],
    CentralState: [golden("central_state")],
    Birth | Will: [golden("birth"), golden("will")],
    Health: [golden("health")],
    Reported: [golden("reported"), codec.encode(REPORTED)],
    Reply: [codec.encode(REPLY)],
    Evidence: [golden("evidence")],
    enrolment.Applicant: [json.encode(enrolment.Applicant(number="AAAA", secret="B" * 12, request="-----BEGIN"))],
    enrolment.Renewal: [json.encode(enrolment.Renewal(device="eye-01", asked_at=NOON))],
}


def _data(data: EventData) -> Door:
    kind = kind_of(data)
    return Door(f"data of {kind}", [codec.encode(data)], lambda content: read_data(kind, content), (ProtocolError,))


def _message(kind: Any, good: Sequence[bytes]) -> Door:
    name = getattr(kind, "__name__", "Status")
    return Door(f"message {name}", good, lambda content: codec.decode(content, kind), (ProtocolError,), 0.7)


def _read_batch(content: bytes) -> None:
    try:
        codec.read_batch(content)
    except Unreadable:
        for raw in codec.read_head(content).events:
            codec.read_event(raw)


def _inflate(content: bytes) -> None:
    assert len(codec.inflated(content, "zlib")) <= MAX_BATCH_BYTES


def _packets() -> list[bytes]:
    topic, content = b"tallyhouse/v1/edge/s1/eye-01/up/events", golden("batch")
    pair = b"\x26" + _counted(b"sig") + _counted(b"A" * 88)
    properties = b"\x01\x01" + b"\x02\0\0\0\x09" + b"\x03" + _counted(b"application/json") + pair + b"\x0b\x01"
    return [
        b"\x32" + _counted(topic) + b"\x00\x07" + _variable(len(properties)) + properties + content,
        b"\x30" + _counted(topic) + b"\x00" + content,
    ]


def _variable(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 0x7F | 0x80, number >> 7])


def _counted(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


def _topic(content: bytes) -> None:
    topics.parse_up(content.decode("utf-8", "replace"))


def _profiles() -> list[bytes]:
    folder = Path(profile.__file__).parent
    return [(folder / f"{name}.toml").read_bytes() for name in profile.shipped_profiles()]


def _profile(content: bytes) -> None:
    read = profile.parse(content.decode("utf-8", "replace"), "fuzzed.toml")
    for word in (0, 0x7FC0, 0xFFFF):
        profile.decode(read, [word] * read.count)


def _claim(content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    try:
        enrolment.read_code(text)
    except BadClaim:
        enrolment.pin_of(enrolment.read_fingerprint(text))


def _authorization() -> bytes:
    return request_signing.authorization("eye-01", KEY, "GET", "/api/v1/releases/x", NOON).encode()


def _request_signature(content: bytes) -> None:
    claimed = request_signing.claim(content.decode("utf-8", "replace"))
    request_signing.check(claimed, KEY.public_key(), "GET", "/api/v1/releases/x")


def _keys(content: bytes) -> None:
    try:
        signing.private_key(content)
    except BadSignature:
        signing.public_key(content.decode("utf-8", "replace"))


def _sku(content: bytes) -> None:
    assert "/" not in identity.sku_level(content.decode("utf-8", "replace"))
