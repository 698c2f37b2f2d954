"""A machine, or one of its sensors, that no longer behaves as learned. One message at onset, one at the end."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocols.envelope import Instant
from protocols.identity import Name

ChannelName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,47}(?![\s\S])")]
OperatingState = Literal["off", "starting", "steady", "unknown"]


class ChannelEvidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one channel showed against what was expected of it, in the channel's unit."""

    channel: ChannelName
    unit: Annotated[str, Meta(max_length=16)]
    observed: float | None
    expected: float | None = None
    expected_low: float | None = None
    expected_high: float | None = None
    contribution: Annotated[float, Meta(ge=0, le=1)] = 0.0


class EquipmentAnomaly(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`subject` says whether the machine or a sensor is at fault; `rule` which check fired; channels worst first."""

    asset: Name
    phase: Literal["onset", "end"]
    subject: Literal["machine", "sensor"]
    rule: Annotated[str, Meta(max_length=48)]
    severity: Literal["warning", "alarm"]
    score: Annotated[float, Meta(ge=0)]
    limit: Annotated[float, Meta(ge=0)]
    since: Instant
    state: OperatingState
    channels: Annotated[list[ChannelEvidence], Meta(max_length=64)]
