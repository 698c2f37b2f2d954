"""Saved states of tasks, written with the events that follow from them and checked by hash when read."""

import sqlite3
from hashlib import sha256

from edge_agent.outbox.database import OutboxFile


def save(connection: sqlite3.Connection, task: str, state: bytes) -> None:
    """Keep the newest state of `task` (source/kind), in the caller's transaction."""
    connection.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)", (task, sha256(state).hexdigest(), state))


def saved(file: OutboxFile, task: str) -> bytes | None:
    """The newest whole state of `task`; None when there is none or its hash does not fit."""
    with file.lock:
        return read(file.connection, task)


def read(connection: sqlite3.Connection, task: str) -> bytes | None:
    """As `saved`, over any connection, one that only reads too."""
    row = connection.execute("SELECT sha256, state FROM snapshots WHERE task = ?", (task,)).fetchone()
    return row[1] if row is not None and sha256(row[1]).hexdigest() == row[0] else None
