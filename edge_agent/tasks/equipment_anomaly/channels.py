"""What the name and the profile of a channel tell before anything is learned."""

from collections.abc import Mapping, Sequence

import numpy as np

from edge_agent.tasks.equipment_anomaly.limits import ChannelLimits
from edge_agent.tasks.equipment_anomaly.normal import Known
from edge_agent.tasks.equipment_anomaly.operating import drive_channel

ROAMING = {"°c": 8.0, "c": 8.0, "degc": 8.0, "deg c": 8.0, "℃": 8.0, "k": 8.0, "°f": 14.0, "f": 14.0, "degf": 14.0}
TEMPERATURE_WORDS = ("temp", "thermo")


def known(channels: Sequence[str], limits: Mapping[str, ChannelLimits]) -> Known:
    """Arrays in the order of `channels`."""
    drive = drive_channel(dict.fromkeys(channels))
    return Known(
        calm=np.array([limits[name].calm for name in channels]),
        roams=np.array([roaming(name, limits[name].unit) for name in channels]),
        drive=None if drive is None else channels.index(drive),
    )


def roaming(name: str, unit: str) -> float:
    """How far a channel goes with the hall, by day and by season, in its unit: only temperatures do."""
    usual = ROAMING["°c"] if any(word in name for word in TEMPERATURE_WORDS) else 0.0
    return ROAMING.get(unit.lower(), usual)
