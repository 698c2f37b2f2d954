"""Who may speak (pure): a snapshot of the devices on record, against which every message is held."""

from collections.abc import Mapping
from dataclasses import dataclass

from central.errors import QuarantineReason
from protocols.signing import PublicKey
from protocols.topics import EdgeTopic


@dataclass(frozen=True)
class Speaker:
    """A device on record: where it belongs, its key, and whether its right to speak was taken back or has ended."""

    site: str
    key: PublicKey
    is_revoked: bool = False
    has_ended: bool = False


Registry = Mapping[str, Speaker]


@dataclass(frozen=True)
class Stranger:
    """Why a topic's device is not heard: a reason code and what to do about it."""

    reason: QuarantineReason
    detail: str


def speaker_of(topic: EdgeTopic, registry: Registry) -> Speaker | Stranger:
    """The device that a topic names, unless nobody of that name may speak."""
    speaker = registry.get(topic.device)
    if speaker is None:
        return Stranger("unknown_device", f"{topic.device} is not registered; run: tallyhouse device add {topic.device}")
    if speaker.is_revoked:
        return Stranger("revoked", f"{topic.device} was revoked; claim it again if it is still yours")
    if speaker.has_ended:
        again = f"tallyhouse device claim {topic.device} --replace"
        return Stranger("ended", f"the certificate of {topic.device} has ended and was not renewed in time; run: {again}")
    return speaker
