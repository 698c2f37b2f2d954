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


def announce(engine: Engine, bus: Bus, clock: Callable[[], datetime]) -> int:
    """Say what waits, up to fifty; how many were said. Raises BusError when the broker takes no more."""
    if not bus.is_connected:
        return 0
    with reading(engine) as conn:
        waiting = announcements.unsent(conn, AT_ONCE)
    said: list[Announcement] = []
    try:
        for announcement in waiting:
            _say(bus, announcement)
            said.append(announcement)
    finally:
        if said:
            with writing(engine) as conn:
                announcements.mark_sent(conn, [announcement.id for announcement in said], clock())
    return len(said)


def _say(bus: Bus, said: Announcement) -> None:
    payload = said.payload.encode()
    bus.publish_and_wait(said.topic, payload, timeout_s=TAKEN_WITHIN_S, retain=said.retain, content_type=CONTENT_TYPE)
