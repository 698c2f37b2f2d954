"""Announcements onto `out/…` for integrators: QoS 1, in order, marked sent only when the broker has them.

Up to twenty are on their way at once. They are marked by a thread of its own: while much lands, the write lock is worth
waiting for, but not before the next thing is said. A crash, or a broker that fails in between, makes some be said again: at
least once, with the CloudEvent's id and number the same.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock

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
        self._said_to = 0  # the last id that this connection took
        self._unmarked: list[int] = []
        self._marking = Lock()

    def announce(self) -> int:
        """Say what waits, up to two hundred; how many were said. Raises BusError when the broker takes no more."""
        if not self._bus.is_connected:
            return 0
        self._begin_connection()
        with reading(self._engine) as conn:
            waiting = announcements.unsent(conn, AT_ONCE, after=self._said_to)
        for start in range(0, len(waiting), ON_THEIR_WAY):
            self._say(waiting[start : start + ON_THEIR_WAY])
        return len(waiting)

    def mark(self) -> int:
        """Mark what the broker took. Returns 0: what is said meanwhile is marked at the next look."""
        with self._marking:
            if said := list(self._unmarked):
                with writing(self._engine) as conn:
                    announcements.mark_sent(conn, said, self._clock())
                del self._unmarked[: len(said)]
        return 0

    def _say(self, some: Sequence[Announcement]) -> None:
        """Say them all, then wait for each: none counts as said behind one that was not taken."""
        waits = [self._begin(announcement) for announcement in some]
        for announcement, wait in zip(some, waits, strict=True):
            wait(TAKEN_WITHIN_S)
            self._unmarked.append(announcement.id)
            self._said_to = announcement.id

    def _begin(self, said: Announcement) -> Callable[[float], None]:
        return self._bus.begin(said.topic, said.payload.encode(), retain=said.retain, content_type=CONTENT_TYPE)

    def _begin_connection(self) -> None:
        connection = self._bus.connections
        if connection == self._told:
            return
        self.mark()  # or what was said, but not marked, would not be among what is retained
        with reading(self._engine) as conn:
            kept = announcements.retained(conn)
        for said in kept:
            self._begin(said)
        self._told = connection
