"""Sensor history (pure): a minute's summary as one line an asset and one line a channel."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from protocols.messages.sensor_summary import ChannelSummary, SensorSummary


class Minute(Struct, frozen=True, gc=False):
    """A summary, the event that brought it, and when the window began."""

    device: str
    sequence: int
    started_at: datetime
    data: SensorSummary


def newest(minutes: Iterable[Minute]) -> list[Minute]:
    """One a window: a window that is told again replaces what was told first."""
    return list({(minute.data.asset, minute.started_at): minute for minute in minutes}.values())


def channels(minutes: Iterable[Minute]) -> Iterator[tuple[SensorSummary, ChannelSummary]]:
    """Each channel of each minute."""
    return ((minute.data, channel) for minute in minutes for channel in minute.data.channels)
