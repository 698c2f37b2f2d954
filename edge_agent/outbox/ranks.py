"""How much an event is worth when there is no room for all, and whether it overtakes a backlog."""

from enum import IntEnum

ALARMS = frozenset({"defect/1", "equipment_anomaly/1"})  # both ends of an alarm: an onset alone would never be cleared


class Rank(IntEnum):
    """The class of a row, most precious first; a declared loss stands for events that are gone already."""

    DECLARED = 0
    ALARM = 1
    COUNT = 2
    SUMMARY = 3


EVICTED_FIRST = (Rank.SUMMARY, Rank.COUNT, Rank.ALARM)


def rank_of(kind: str, urgent: bool = False) -> Rank:
    """The rank of an event: what its task called urgent is an alarm, a kind nobody here knows counts as a count."""
    if kind.startswith("lost/"):
        return Rank.DECLARED
    if urgent or kind in ALARMS:
        return Rank.ALARM
    return Rank.SUMMARY if kind.startswith("sensor_summary/") else Rank.COUNT
