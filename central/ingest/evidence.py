"""Pictures and stretches of readings: genuine, whole and of the hash they claim, then kept once (CONTRACT §2)."""

from collections.abc import Mapping
from hashlib import sha256

from msgspec import Struct

from central.errors import QuarantineReason
from central.ingest.accept import Quarantined
from central.ingest.registry import Registry, Stranger, speaker_of
from central.store.evidence import Piece
from protocols import codec, signing
from protocols.errors import BadSignature, Oversized, ProtocolError
from protocols.messages.evidence import Evidence
from protocols.topics import EdgeTopic


class Delivered(Struct, frozen=True):
    """A piece that can be kept, and the boot that its device is to be answered with."""

    device: str
    boot: str
    piece: Piece


def accept(topic: EdgeTopic, payload: bytes, properties: Mapping[str, str], registry: Registry) -> Delivered | Quarantined:
    """What to do about one message on `up/evidence`."""
    speaker = speaker_of(topic, registry)
    if isinstance(speaker, Stranger):
        return Quarantined(speaker.reason, speaker.detail, topic.device)
    if speaker.site != topic.site:
        return Quarantined("wrong_site", f"{topic.device} belongs to {speaker.site}, not to {topic.site}", topic.device)
    try:
        evidence = codec.decode(payload, Evidence)
        signing.verify(speaker.key, payload, properties.get("sig"))
    except ProtocolError as error:
        return Quarantined(_code(error), str(error), topic.device)
    return _whole(topic, evidence)


def _whole(topic: EdgeTopic, evidence: Evidence) -> Delivered | Quarantined:
    if evidence.device != topic.device:
        return Quarantined("wrong_device", f"the piece says {evidence.device}, its topic {topic.device}", topic.device)
    if evidence.offset != 0 or evidence.total_bytes != len(evidence.data):
        detail = f"{len(evidence.data)} of {evidence.total_bytes} bytes: pieces larger than one message are not taken yet"
        return Quarantined("in_parts", detail, topic.device)
    found = f"sha256:{sha256(evidence.data).hexdigest()}"
    if found != evidence.sha256:
        return Quarantined("wrong_hash", f"the bytes are {found}, said to be {evidence.sha256}", topic.device)
    piece = Piece(evidence.sha256, topic.device, evidence.media_type, evidence.taken_at, evidence.data)
    return Delivered(topic.device, evidence.boot, piece)


def _code(error: ProtocolError) -> QuarantineReason:
    if isinstance(error, BadSignature):
        return "bad_signature"
    return "oversized" if isinstance(error, Oversized) else "unreadable"
