"""Wall and monotonic time of this machine, the id of its boot, and how far its clock can be trusted.

Monotonic time counts from the boot (CLOCK_BOOTTIME where there is one), so (boot, monotonic_ms) dates an event even when the
wall clock was wrong. A device without a clock chip wakes up in the past: such times are `bad`.
"""

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from protocols.envelope import Clock

EARLIEST = datetime(2026, 11, 1, tzinfo=UTC)  # no clock that is right shows a time before this release was made
JUMP_MS = 2_000
CONFIRM_MS = 30_000  # so long NTP must hold the clock after a jump before it is believed again
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_CLOCK_CHIPS = Path("/sys/class/rtc")
_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_TIMEX_BYTES = 512  # more than any struct timex


@dataclass(frozen=True)
class Stamp:
    """One moment: `at` is UTC, `monotonic_ms` counts from the boot."""

    at: datetime
    monotonic_ms: int
    clock: Clock


def boot_id() -> str:
    """The kernel's id of this boot, shortened; a random one where the kernel tells none."""
    try:
        return _BOOT_ID.read_text().strip()[:13]
    except OSError:
        return uuid4().hex[:12]


def system_monotonic_ms() -> int:
    """Milliseconds since the boot, sleep included."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1_000_000


def system_trust() -> Clock:
    """Trust in the wall clock when its time is plausible: kept by NTP, by a clock chip, or by neither."""
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    if adjtimex is not None and 0 <= adjtimex(timex) < _UNSYNCHRONISED:
        return "ntp"
    return "rtc" if _CLOCK_CHIPS.is_dir() and any(_CLOCK_CHIPS.iterdir()) else "estimated"


class DeviceClock:
    """Asks the machine what time it is; counts jumps of the wall clock against the monotonic one.

    After a jump the time is only `estimated`, until NTP has held it for a while or it is back where it was believed.
    """

    def __init__(
        self,
        boot: str,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic_ms: Callable[[], int] = system_monotonic_ms,
        trust: Callable[[], Clock] = system_trust,
    ) -> None:
        self.boot = boot
        self.jumps = 0
        self._wall = wall
        self._monotonic_ms = monotonic_ms
        self._trust = trust
        self._offset_ms: float | None = None
        self._believed_ms: float | None = None
        self._jumped_ms: int | None = None

    def monotonic_s(self) -> float:
        """Seconds since the boot: for waiting, whatever the wall clock does."""
        return self._monotonic_ms() / 1000

    def now(self) -> Stamp:
        """This moment, with the trust it deserves."""
        at, monotonic_ms = self._wall(), self._monotonic_ms()
        self._compare(at.timestamp() * 1000 - monotonic_ms, monotonic_ms)
        return Stamp(at, max(0, monotonic_ms), self._quality(at, monotonic_ms))

    def _compare(self, offset_ms: float, monotonic_ms: int) -> None:
        if _differ(offset_ms, self._offset_ms):
            self.jumps += 1
            self._jumped_ms = monotonic_ms if _differ(offset_ms, self._believed_ms) or self._believed_ms is None else None
        self._offset_ms = offset_ms

    def _quality(self, at: datetime, monotonic_ms: int) -> Clock:
        if at < EARLIEST:
            return "bad"
        trust = self._trust()
        if self._jumped_ms is not None:
            if trust != "ntp" or monotonic_ms - self._jumped_ms < CONFIRM_MS:
                return "estimated"
            self._jumped_ms = None
        if trust != "estimated":
            self._believed_ms = self._offset_ms
        return trust


def _differ(offset_ms: float, other_ms: float | None) -> bool:
    return other_ms is not None and abs(offset_ms - other_ms) > JUMP_MS
