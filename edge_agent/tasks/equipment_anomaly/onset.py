"""From a score that flickers to one onset and one end: deadband, on-delay, off-delay (ISA-18.2 calls it chattering)."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

DEADBAND = 0.8  # of the limit: an open condition ends only below it


class Condition(Struct, array_like=True):
    """`since`: when the present excursion began; the two clocks count seconds above the limit and below the deadband."""

    is_open: bool = False
    since: datetime | None = None
    above_s: float = 0.0
    below_s: float = 0.0


def step(
    condition: Condition, ratio: float, at: datetime, elapsed_s: float, on_delay_s: float, off_delay_s: float
) -> Literal["onset", "end"] | None:
    """What changes at `at`, when the score stands at `ratio` times its limit; at an end `since` is forgotten."""
    if condition.is_open:
        return _towards_end(condition, ratio, elapsed_s, off_delay_s)
    if ratio < 1.0:
        condition.since, condition.above_s = None, 0.0
        return None
    if condition.since is None:
        condition.since = at
    else:
        condition.above_s += elapsed_s
    if condition.above_s < on_delay_s:
        return None
    condition.is_open, condition.below_s = True, 0.0
    return "onset"


def _towards_end(condition: Condition, ratio: float, elapsed_s: float, off_delay_s: float) -> Literal["end"] | None:
    condition.below_s = condition.below_s + elapsed_s if ratio < DEADBAND else 0.0
    if condition.below_s < off_delay_s:
        return None
    condition.is_open, condition.since, condition.above_s, condition.below_s = False, None, 0.0, 0.0
    return "end"
