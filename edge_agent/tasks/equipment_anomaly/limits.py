"""What is known of a channel before anything is learned: its sensor's range and the engineering limits of the machine.

They come from the sensor profile. A recording without one has no limits: then only what is learned counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from protocols.sensor_profiles.profile import Limits, Profile, Register

CALM_OF_SPAN = 0.005  # of the sensor's span: a change that small is never held against the machine


@dataclass(frozen=True)
class ChannelLimits:
    """Of one channel, in its unit; None where nothing is known. `calm`: the smallest width it is credited with."""

    unit: str = ""
    lowest: float | None = None
    highest: float | None = None
    calm: float = 0.0
    engineering: Limits | None = None


def known_limits(profile: Profile | None, units: Mapping[str, str]) -> dict[str, ChannelLimits]:
    """By channel, from the profile and from units told beside it (a recording's header)."""
    told = {name: ChannelLimits(unit=unit[:16]) for name, unit in units.items()}
    return told | {register.name: _of(register) for register in (profile.registers if profile else ())}


def engineering_ratio(limits: ChannelLimits, value: float, is_learned: bool) -> float:
    """How far `value` is towards its limits: 1 at the warning limit, 2 at the alarm limit, more beyond, 0 far from both.

    Once the machine's own normal is learned, a warning limit no longer speaks; the alarm limit always does.
    """
    known = limits.engineering
    if known is None:
        return 0.0
    upwards = _ratio(value, known.warning_high, known.alarm_high, is_learned)
    downwards = _ratio(-value, _negated(known.warning_low), _negated(known.alarm_low), is_learned)
    return max(upwards, downwards)


def expected_range(limits: ChannelLimits) -> tuple[float | None, float | None]:
    """What is expected of a channel while nothing is learned: between its warning limits."""
    known = limits.engineering
    return (None, None) if known is None else (known.warning_low, known.warning_high)


def _of(register: Register) -> ChannelLimits:
    calm = max(register.resolution, CALM_OF_SPAN * (register.maximum - register.minimum))
    return ChannelLimits(register.unit[:16], register.minimum, register.maximum, calm, register.limits)


def _negated(limit: float | None) -> float | None:
    return None if limit is None else -limit


def _ratio(value: float, warning: float | None, alarm: float | None, is_learned: bool) -> float:
    """Towards an upper pair of limits, of which either may be absent."""
    if alarm is not None and value >= alarm:
        step = alarm - warning if warning is not None and warning < alarm else max(abs(alarm), 1e-9)
        return 2.0 + (value - alarm) / step
    if is_learned or warning is None or value < warning:
        return 0.0
    return 1.0 + (value - warning) / (alarm - warning) if alarm is not None and alarm > warning else 1.0
