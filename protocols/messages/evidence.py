"""The picture or stretch of readings behind an event, named by its hash."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocols.envelope import LARGEST, Boot, Instant, Number
from protocols.identity import Name, Sha256
from protocols.messages.equipment_anomaly import ChannelName

MAX_CHUNK_BYTES = 45_000  # base64 and the frame around it keep the message under 64 kB
MAX_EVIDENCE_BYTES = 1_000_000  # of a whole piece

READINGS_TYPE: Literal["application/vnd.tallyhouse.readings+json"] = "application/vnd.tallyhouse.readings+json"
LOG_TYPE: Literal["application/vnd.tallyhouse.log+json"] = "application/vnd.tallyhouse.log+json"
MediaType = Literal["image/jpeg", "application/vnd.tallyhouse.readings+json", "application/vnd.tallyhouse.log+json"]


class Evidence(Struct, frozen=True, kw_only=True):
    """One chunk, base64 in JSON. A piece that is larger than one message comes in several, in order of their `offset`."""

    sha256: Sha256
    device: Name
    boot: Boot
    media_type: MediaType
    taken_at: Instant
    offset: Number
    total_bytes: Annotated[int, Meta(ge=1, le=LARGEST)]
    data: Annotated[bytes, Meta(max_length=MAX_CHUNK_BYTES)]


class StretchChannel(Struct, frozen=True, kw_only=True):
    """One channel of a stretch; a missing sample is null."""

    channel: ChannelName
    unit: Annotated[str, Meta(max_length=16)]
    values: list[float | None]


class Stretch(Struct, frozen=True, kw_only=True):
    """Raw readings around an anomaly: `times_s` are seconds after `started_at`, one for each value of each channel."""

    asset: Name
    started_at: Instant
    times_s: list[float]
    channels: list[StretchChannel]
