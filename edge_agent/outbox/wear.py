"""What the agent writes to its memory card, and how long the card's rated life lasts at that pace.

The bytes are those that the kernel counts for block devices on behalf of this process, pages of the file system included.
The card's own rewriting of whole blocks comes on top and is not visible from outside: rate a card by its maker's total bytes
written (TBW), or by its size times few cycles. Logs go to the service manager and are not counted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from protocols.messages.device import Wear

DAY_S = 86_400.0
SETTLED_S = 600.0  # the first minutes after a start (models, migrations) say nothing about a day


def process_bytes_written() -> int | None:
    """Bytes that this process has sent to block devices since it began; None where the kernel does not tell."""
    try:
        fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
        return int(fields["write_bytes"])
    except (OSError, ValueError, KeyError):
        return None


@dataclass
class WearMeter:
    """Counts from its first look on. rated_bytes: what the card may take in its life, None when that is not known."""

    rated_bytes: float | None
    read: Callable[[], int | None] = process_bytes_written
    _first: tuple[float, int] | None = None

    def now(self, now_s: float) -> Wear | None:
        """The pace up to `now_s` (monotonic); None in the first ten minutes, or where it cannot be told."""
        written = self.read()
        if written is None:
            return None
        self._first = self._first or (now_s, written)
        since_s = now_s - self._first[0]
        if since_s < SETTLED_S:
            return None
        bytes_per_day = (written - self._first[1]) / since_s * DAY_S
        return Wear(bytes_per_day=round(bytes_per_day), days_left=days_of_life(self.rated_bytes, bytes_per_day))


def days_of_life(rated_bytes: float | None, bytes_per_day: float) -> float | None:
    """Days until a new card has taken what it is rated for; None when that is not known or nothing is written."""
    return round(rated_bytes / bytes_per_day, 1) if rated_bytes and bytes_per_day > 0 else None
