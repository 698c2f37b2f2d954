"""Simulated time: how long the world has run, and what its wall clock says.

The two are apart on purpose. `elapsed_s` drives the physics and only goes forward, `speed` times as fast as real time;
`now` is what a device would print, and `jump` moves it as a wrong NTP server or a dead battery does, world untouched.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from firmware_sim.errors import ClockError


class SimulatedClock:
    """A clock that starts at `start` and runs `speed` times as fast as `monotonic_s`."""

    def __init__(self, start: datetime, speed: float = 1.0, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        if start.tzinfo is None:
            raise ClockError(f"start {start} has no time zone; give an aware datetime")
        if not 0.0 < speed <= 1000.0:
            raise ClockError(f"speed {speed} is not in 0..1000; 1 is real time")
        self._start, self._speed, self._monotonic_s = start.astimezone(UTC), speed, monotonic_s
        self._began_s = monotonic_s()
        self._jumped_s = 0.0

    def elapsed_s(self) -> float:
        """Simulated seconds since the start; never goes back."""
        return (self._monotonic_s() - self._began_s) * self._speed

    def now(self) -> datetime:
        """What the wall clock of the simulated site says, UTC."""
        return self.at(self.elapsed_s())

    def at(self, elapsed_s: float) -> datetime:
        """The wall-clock time of a moment of the world, UTC."""
        return self._start + timedelta(seconds=elapsed_s + self._jumped_s)

    def jump(self, by_s: float) -> None:
        """Set the wall clock forward or back; the world goes on as it was."""
        self._jumped_s += by_s


def system_clock(speed: float) -> SimulatedClock:
    """A clock that starts at the present time of this machine."""
    return SimulatedClock(datetime.now(UTC), speed)
