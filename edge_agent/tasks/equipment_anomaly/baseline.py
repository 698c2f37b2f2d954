"""A machine's own normal: per channel a median and a width, learned from its first minutes of steady running.

A channel that still moves when its time is up (a motor warming, a load half way through its cycle) is not learned yet: its
stretch grows by a quarter until it has come to rest, at most to `LONGEST` times the first. Afterwards the median follows
slowly and within bounds, so that slow wear is not learned away: `commissioned` stays, and the CUSUM holds values against it.
"""

from collections.abc import Collection, Mapping
from math import exp

from msgspec import Struct

from edge_agent.tasks.equipment_anomaly.features import is_at_rest, location_and_width

FEWEST_ROWS, MOST_ROWS = 20, 400
GROWTH, LONGEST = 1.25, 30.0
RELATIVE_FLOOR = 0.02  # a width under 2 % of the level is the sensor's calm, not the machine's
REST_OF_FLOOR = 0.1  # a drift of this much of the floor within the stretch is none
FOLLOW_TAU_S = 900.0


class Normal(Struct):
    """Of one channel, in its unit. `location` follows slowly; `width` is like a standard deviation."""

    location: float
    width: float
    commissioned: float
    wander: float  # how far `location` may move away from `commissioned`


class Learning(Struct):
    """Rows kept for what is still to be learned, thinned to `MOST_ROWS`: every `stride`-th row of `names`."""

    target_s: float
    first_s: float
    names: list[str] = []
    rows: list[list[float | None]] = []
    elapsed_s: float = 0.0
    stride: int = 1
    skipped: int = 0

    def progress(self) -> float:
        """0 to 1 towards the present target."""
        return min(1.0, self.elapsed_s / self.target_s, len(self.rows) / FEWEST_ROWS)

    def column(self, name: str) -> list[float]:
        """All values of one channel, in order of time."""
        place = self.names.index(name)
        return [value for row in self.rows if (value := row[place]) is not None]


def begin(channels: Collection[str], learn_s: float) -> Learning:
    """Nothing learned yet."""
    return Learning(target_s=learn_s, first_s=learn_s, names=sorted(channels))


def take(learning: Learning, values: Mapping[str, float | None], elapsed_s: float) -> bool:
    """Keep one more row; True when the stretch is long enough to look at."""
    learning.elapsed_s += elapsed_s
    learning.skipped += 1
    if learning.skipped >= learning.stride:
        learning.skipped = 0
        learning.rows.append([values.get(name) for name in learning.names])
    if len(learning.rows) > MOST_ROWS:
        del learning.rows[1::2]
        learning.stride *= 2
    return learning.progress() >= 1.0


def settled(learning: Learning, pending: Collection[str], floors: Mapping[str, float]) -> dict[str, Normal]:
    """The channels of `pending` that have come to rest. `floors`: smallest width a channel may have, in its unit."""
    is_last_call = learning.target_s >= LONGEST * learning.first_s
    found = {}
    for name in pending:
        values = learning.column(name)
        if len(values) >= FEWEST_ROWS and (is_last_call or is_at_rest(values, REST_OF_FLOOR * floors[name])):
            found[name] = _normal(values, floors[name])
    return found


def prolong(learning: Learning, pending: Collection[str]) -> Learning:
    """Go on learning `pending` for a quarter longer; the older half of the rows is let go."""
    places = [learning.names.index(name) for name in sorted(pending)]
    rows = [[row[place] for place in places] for row in learning.rows[len(learning.rows) // 2 :]]
    return Learning(
        target_s=learning.target_s * GROWTH,
        first_s=learning.first_s,
        names=sorted(pending),
        rows=rows,
        elapsed_s=learning.elapsed_s / 2,
        stride=learning.stride,
    )


def follow(normal: Normal, value: float, elapsed_s: float) -> None:
    """Move a little towards a healthy value, never further than `wander` from what was commissioned."""
    moved = normal.location + (value - normal.location) * (1 - exp(-elapsed_s / FOLLOW_TAU_S))
    normal.location = min(max(moved, normal.commissioned - normal.wander), normal.commissioned + normal.wander)


def _normal(values: list[float], floor: float) -> Normal:
    location, width = location_and_width(values)
    width = max(width, floor, RELATIVE_FLOOR * abs(location))
    # A channel at rest at exactly 0 has no width of its own: any change of it is then one.
    width = width if width > 0 else 1.0
    return Normal(location=location, width=width, commissioned=location, wander=1.5 * width)
