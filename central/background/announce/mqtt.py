"""Announcements onto `out/…` for integrators: QoS 1, in order, marked sent only when the broker has them.

Up to twenty are on their way at once. A crash, or a broker that fails in between, makes some be said again: at least once,
with the CloudEvent's id and number the same.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Engine

from central.bus import Bus
from central.store import announcements
from central.store.announcements import Announcement
from central.store.engine import reading, writing

CONTENT_TYPE = "application/cloudevents+json"
TAKEN_WITHIN_S = 5.0
AT_ONCE = 200
ON_THEIR_WAY = 20


class Announcer:
    """Says what waits. The broker may be wiped at any time, so each connection begins with what it must retain."""

    def __init__(self, engine: Engine, bus: Bus, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._bus = bus
        self._clock = clock
        self._told = 0  # the connection that was told what to retain

    def announce(self) -> int:
        """Say what waits, up to two hundred; how many were said. Raises BusError when the broker takes no more."""
        if not self._bus.is_connected:
            return 0
        self._repeat_retained()
        with reading(self._engine) as conn:
            waiting = announcements.unsent(conn, AT_ONCE)
        said: list[int] = []
        try:
            for start in range(0, len(waiting), ON_THEIR_WAY):
                self._say(waiting[start : start + ON_THEIR_WAY], said)
        finally:
            if said:
                with writing(self._engine) as conn:
                    announcements.mark_sent(conn, said, self._clock())
        return len(said)

    def _say(self, some: Sequence[Announcement], said: list[int]) -> None:
        """Say them all, then wait for each; `said` grows by those that were taken, none behind one that was not."""
        waits = [self._begin(announcement) for announcement in some]
        for announcement, wait in zip(some, waits, strict=True):
            wait(TAKEN_WITHIN_S)
            said.append(announcement.id)

    def _begin(self, said: Announcement) -> Callable[[float], None]:
        return self._bus.begin(said.topic, said.payload.encode(), retain=said.retain, content_type=CONTENT_TYPE)

    def _repeat_retained(self) -> None:
        connection = self._bus.connections
        if connection == self._told:
            return
        with reading(self._engine) as conn:
            kept = announcements.retained(conn)
        for said in kept:
            self._begin(said)
        self._told = connection
