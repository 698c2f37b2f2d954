"""Announcements onto `out/…` for integrators: QoS 1, in order, marked sent only when the broker has them.

A crash between the two says some again: at least once, with the CloudEvent's id and number the same.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from central.bus import Bus
from central.store import announcements
from central.store.announcements import Announcement
from central.store.engine import reading, writing

CONTENT_TYPE = "application/cloudevents+json"
TAKEN_WITHIN_S = 5.0
AT_ONCE = 50


class Announcer:
    """Says what waits. The broker may be wiped at any time, so each connection begins with what it must retain."""

    def __init__(self, engine: Engine, bus: Bus, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._bus = bus
        self._clock = clock
        self._is_new_connection = True

    def announce(self) -> int:
        """Say what waits, up to fifty; how many were said. Raises BusError when the broker takes no more."""
        if not self._bus.is_connected:
            self._is_new_connection = True
            return 0
        if self._is_new_connection:
            self._repeat_retained()
            self._is_new_connection = False
        with reading(self._engine) as conn:
            waiting = announcements.unsent(conn, AT_ONCE)
        said: list[int] = []
        try:
            for announcement in waiting:
                self._say(announcement)
                said.append(announcement.id)
        finally:
            if said:
                with writing(self._engine) as conn:
                    announcements.mark_sent(conn, said, self._clock())
        return len(said)

    def _say(self, said: Announcement) -> None:
        payload = said.payload.encode()
        self._bus.publish_and_wait(
            said.topic, payload, timeout_s=TAKEN_WITHIN_S, retain=said.retain, content_type=CONTENT_TYPE
        )

    def _repeat_retained(self) -> None:
        with reading(self._engine) as conn:
            kept = announcements.retained(conn)
        for said in kept:
            self._bus.publish(said.topic, said.payload.encode(), retain=True, content_type=CONTENT_TYPE)
