"""What a device saw when it raised an alarm."""

from collections.abc import Iterable

from sqlalchemy import Connection

from central.floor import seen
from central.floor.alarm_book import Standing
from protocols.messages.equipment_anomaly import ChannelEvidence, EquipmentAnomaly


def worst_channels(conn: Connection, standing: Iterable[Standing]) -> dict[str, ChannelEvidence]:
    """Alarm → the channel that said so most clearly, for those that an anomaly raised."""
    found = {one.alarm: _worst(conn, one.device, one.sequence) for one in standing if one.device and one.sequence}
    return {alarm: channel for alarm, channel in found.items() if channel is not None}


def _worst(conn: Connection, device: str, sequence: int) -> ChannelEvidence | None:
    event = seen.event(conn, device, sequence)
    message = event.message if event else None
    return message.channels[0] if isinstance(message, EquipmentAnomaly) and message.channels else None
