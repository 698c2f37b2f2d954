"""Is the machine off, starting or running? Judged by its speed or else its current, with hysteresis.

What is "running" is measured against the highest value seen, which may grow by half a sample at a time (one spike must not
turn everything else into "off") and fades slowly.
"""

from collections.abc import Mapping

from msgspec import Struct

from protocols.messages.equipment_anomaly import OperatingState

OFF_BELOW, ON_ABOVE = 0.05, 0.12  # of the highest value seen
GROWTH, FADING_PER_S = 1.5, 1e-5
STARTING_S = 10.0
DRIVES = ("speed", "rpm", "current")


class OperatingPoint(Struct, array_like=True):
    """`peak`: highest value of the drive channel, in its unit; `running_s`: seconds since it last left "off"."""

    state: OperatingState = "unknown"
    peak: float = 0.0
    running_s: float = 0.0


def drive_channel(channels: Mapping[str, float | None]) -> str | None:
    """The channel that tells whether the machine runs: a speed before a current, None when there is neither."""
    return next((name for drive in DRIVES for name in sorted(channels) if drive in name), None)


def step(point: OperatingPoint, drive: float | None, elapsed_s: float) -> OperatingState:
    """The state after one more value of the drive channel (None: missing, the state stays)."""
    if drive is None:
        return point.state
    height = abs(drive)
    point.peak = _peak(point.peak, height, elapsed_s)
    was_off = point.state == "off"
    if height <= (ON_ABOVE if was_off else OFF_BELOW) * point.peak:
        point.state, point.running_s = "off", 0.0
        return point.state
    if point.state == "unknown":
        point.running_s = STARTING_S  # seen running from the first sample: its start is long past
    if not was_off:  # between two readings it may have begun at any moment: only what follows is known to run
        point.running_s += elapsed_s
    point.state = "starting" if point.running_s < STARTING_S else "steady"
    return point.state


def _peak(peak: float, height: float, elapsed_s: float) -> float:
    faded = peak * (1 - FADING_PER_S * min(elapsed_s, 60.0))
    return max(faded, min(height, GROWTH * peak) if peak > 0 else height)
