"""When a recorded sample is due, and what time it shall say it was taken.

A recording is laid so that its last sample falls on the moment at which the replay will reach it: played at once, it ends
now; played at speed 1, it runs along with the clock. Spacing between samples stays as recorded, and the clock says
`estimated`.
"""

import time
from datetime import datetime, timedelta
from threading import Event

from edge_agent.clock import DeviceClock, Stamp


class Pace:
    """`speed`: recorded seconds per second, None for as fast as possible."""

    def __init__(self, clock: DeviceClock, speed: float | None, first: datetime, last: datetime) -> None:
        self._now = clock.now()
        self._started_s = time.monotonic()
        self._speed = speed
        self._first = first
        played_for = (last - first) / speed if speed else timedelta()
        self._shift = self._now.at + played_for - last
        self._stopped = Event()

    def stamp(self, recorded: datetime) -> Stamp:
        """What a sample of that recorded moment shall say."""
        at = recorded + self._shift
        lag_ms = int((at - self._now.at).total_seconds() * 1000)
        return Stamp(at, max(0, self._now.monotonic_ms + lag_ms), "estimated")

    def wait_until(self, recorded: datetime, timeout_s: float) -> bool:
        """Wait for the turn of that moment; False when it did not come in time."""
        if self._speed is None:
            return True
        due_s = self._started_s + (recorded - self._first).total_seconds() / self._speed
        left_s = due_s - time.monotonic()
        if left_s > 0:
            self._stopped.wait(min(left_s, timeout_s))
        return left_s <= timeout_s and not self._stopped.is_set()

    def stop(self) -> None:
        """Wake up whoever waits."""
        self._stopped.set()
