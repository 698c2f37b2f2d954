"""Pictures and stretches of readings (pure): genuine, of the hash they claim, whole or a part of something larger."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from msgspec import Struct

from central.errors import QuarantineReason
from central.ingest.accept import Quarantined
from central.ingest.registry import Registry, Stranger, speaker_of
from central.store.evidence import Piece
from protocols import codec, signing
from protocols.errors import BadSignature, Oversized, ProtocolError
from protocols.messages.evidence import MAX_EVIDENCE_BYTES, Evidence
from protocols.topics import EdgeTopic


class Delivered(Struct, frozen=True):
    """A piece that can be kept, and the boot that its device is to be answered with."""

    device: str
    boot: str
    piece: Piece


class Chunk(Struct, frozen=True):
    """A part of a piece that is larger than one message; the fields as those of the message."""

    device: str
    boot: str
    sha256: str
    media_type: str
    taken_at: datetime
    offset: int
    total_bytes: int
    data: bytes


Verdict = Delivered | Chunk | Quarantined


def accept(topic: EdgeTopic, payload: bytes, properties: Mapping[str, str], registry: Registry) -> Verdict:
    """What to do about one message on `up/evidence`."""
    speaker = speaker_of(topic, registry)
    if isinstance(speaker, Stranger):
        return Quarantined(speaker.reason, speaker.detail, topic.device)
    if speaker.site != topic.site:
        return Quarantined("wrong_site", f"{topic.device} belongs to {speaker.site}, not to {topic.site}", topic.device)
    try:
        signing.verify(speaker.key, payload, properties.get("sig"))
        evidence = codec.decode(payload, Evidence)
    except ProtocolError as error:
        return Quarantined(_code(error), str(error), topic.device)
    return _judged(topic, evidence)


def _judged(topic: EdgeTopic, evidence: Evidence) -> Verdict:
    if evidence.device != topic.device:
        return Quarantined("wrong_device", f"the piece says {evidence.device}, its topic {topic.device}", topic.device)
    end = evidence.offset + len(evidence.data)
    if evidence.total_bytes > MAX_EVIDENCE_BYTES:
        detail = f"a piece of {evidence.total_bytes} bytes; at most {MAX_EVIDENCE_BYTES} are allowed"
        return Quarantined("oversized", detail, topic.device)
    if not evidence.data or end > evidence.total_bytes:
        detail = f"bytes {evidence.offset} to {end} of {evidence.total_bytes}: no part of such a piece"
        return Quarantined("bad_data", detail, topic.device)
    if len(evidence.data) < evidence.total_bytes:
        place = (evidence.offset, evidence.total_bytes, evidence.data)
        return Chunk(topic.device, evidence.boot, evidence.sha256, evidence.media_type, evidence.taken_at, *place)
    return _whole(topic, evidence)


def _whole(topic: EdgeTopic, evidence: Evidence) -> Delivered | Quarantined:
    found = f"sha256:{sha256(evidence.data).hexdigest()}"
    if found != evidence.sha256:
        return Quarantined("wrong_hash", f"the bytes are {found}, said to be {evidence.sha256}", topic.device)
    piece = Piece(evidence.sha256, topic.device, evidence.media_type, evidence.taken_at, evidence.data)
    return Delivered(topic.device, evidence.boot, piece)


def _code(error: ProtocolError) -> QuarantineReason:
    if isinstance(error, BadSignature):
        return "bad_signature"
    return "oversized" if isinstance(error, Oversized) else "unreadable"
