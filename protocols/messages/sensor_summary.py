"""A minute of an asset's channels: the sensor history that the centre keeps."""

from typing import Annotated

from msgspec import Meta, Struct

from protocols.envelope import LARGEST, Instant
from protocols.identity import Name
from protocols.messages.equipment_anomaly import ChannelName, OperatingState


class ChannelSummary(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Statistics of one channel over the window; `n` good samples, in the channel's unit."""

    channel: ChannelName
    unit: Annotated[str, Meta(max_length=16)]
    n: Annotated[int, Meta(ge=0, le=LARGEST)]
    min: float | None = None
    mean: float | None = None
    max: float | None = None
    rms: float | None = None
    expected_low: float | None = None
    expected_high: float | None = None


class SensorSummary(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`started_at` and `window_s` bound the window; `score` is the highest anomaly score in it, `learned` 0 to 1."""

    asset: Name
    started_at: Instant
    window_s: Annotated[float, Meta(gt=0)]
    state: OperatingState
    score: Annotated[float, Meta(ge=0)]
    limit: Annotated[float, Meta(ge=0)]
    learned: Annotated[float, Meta(ge=0, le=1)]
    channels: Annotated[list[ChannelSummary], Meta(max_length=64)]
