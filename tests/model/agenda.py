"""Simulated time: one agenda of what will happen, and for each machine a clock that may be set wrong."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from tests.makers import NOON

Act = Callable[[], None]


class Agenda:
    """What happens when, in seconds since the beginning; nothing waits for real."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._order = count()
        self._acts: list[tuple[float, int, Act]] = []

    def after(self, delay_s: float, act: Act) -> None:
        """Do it so much later; what is due at the same moment happens in the order in which it was asked for."""
        heapq.heappush(self._acts, (self.now_s + delay_s, next(self._order), act))

    def next_s(self) -> float:
        """When the next thing happens; infinity when nothing will."""
        return self._acts[0][0] if self._acts else float("inf")

    def advance(self, to_s: float) -> None:
        """Let time pass, and do what is due by then."""
        self.now_s = max(self.now_s, to_s)
        while self._acts and self._acts[0][0] <= self.now_s:
            heapq.heappop(self._acts)[2]()


@dataclass
class MachineClock:
    """The clocks of one machine: the wall's is wrong by `offset`, the monotonic one begins again with each boot."""

    agenda: Agenda
    offset: timedelta = timedelta()
    booted_s: float = 0.0

    def wall(self) -> datetime:
        """What the machine takes for the time."""
        return NOON + timedelta(seconds=self.agenda.now_s) + self.offset

    def monotonic_ms(self) -> int:
        """Milliseconds since its boot."""
        return int((self.agenda.now_s - self.booted_s) * 1000)

    def set_by(self, seconds: float) -> None:
        """Somebody, or NTP, sets the wall clock."""
        self.offset += timedelta(seconds=seconds)

    def boot(self) -> None:
        """The machine starts anew."""
        self.booted_s = self.agenda.now_s
