"""What the name and the profile of a channel tell before anything is learned."""

from collections.abc import Mapping, Sequence

import numpy as np

from edge_agent.tasks.equipment_anomaly.limits import ChannelLimits
from edge_agent.tasks.equipment_anomaly.normal import Known
from edge_agent.tasks.equipment_anomaly.operating import drive_channel

TEMPERATURE_UNITS = frozenset({"°c", "c", "degc", "deg c", "℃", "k", "°f", "f", "degf"})
TEMPERATURE_WORDS = ("temp", "thermo")


def known(channels: Sequence[str], limits: Mapping[str, ChannelLimits]) -> Known:
    """Arrays in the order of `channels`. Temperatures roam: they go with the hall, by the day and by the season."""
    drive = drive_channel(dict.fromkeys(channels))
    return Known(
        calm=np.array([limits[name].calm for name in channels]),
        roams=np.array([is_temperature(name, limits[name].unit) for name in channels], dtype=bool),
        drive=None if drive is None else channels.index(drive),
    )


def is_temperature(name: str, unit: str) -> bool:
    """By its unit, else by its name."""
    return unit.lower() in TEMPERATURE_UNITS or any(word in name for word in TEMPERATURE_WORDS)
