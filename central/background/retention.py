"""Forgets what nobody will ask for again: old changes, announcements that were said, readings by the minute."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from central.store import announcements
from central.store.changes import changes
from central.store.readings import asset_minutes, readings

CHANGES_FOR = timedelta(days=1)
ANNOUNCEMENTS_FOR = timedelta(days=8)  # integrators are promised seven
READINGS_FOR = timedelta(days=30)


def forget(conn: Connection, now: datetime) -> int:
    """Drop what is past its time; how many rows."""
    minutes = now - READINGS_FOR
    return (
        conn.execute(delete(changes).where(changes.c.at < now - CHANGES_FOR)).rowcount
        + conn.execute(delete(readings).where(readings.c.started_at < minutes)).rowcount
        + conn.execute(delete(asset_minutes).where(asset_minutes.c.started_at < minutes)).rowcount
        + announcements.forget(conn, now - ANNOUNCEMENTS_FOR)
    )
