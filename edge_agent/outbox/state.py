"""What waits in an outbox, as health, doctor and people want to know it."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from edge_agent.clock import EARLIEST
from edge_agent.outbox.counter import read_counter


@dataclass(frozen=True)
class QueueState:
    """What waits: events not acknowledged, their bytes, when the oldest was written, and the counters.

    evicted, evidence_evicted: events and pieces that ever had to leave for want of room.
    """

    count: int
    bytes: int
    oldest_ms: int | None
    last: int
    acknowledged: int
    set_aside: int
    corruptions: int
    evicted: int = 0
    evidence_evicted: int = 0


def read_state(
    connection: sqlite3.Connection, acknowledged: int | None = None, waiting: tuple[int, int] | None = None
) -> QueueState:
    """The state of a queue as its file shows it; `acknowledged` None takes the cursor on disk.

    waiting: events that wait and their bytes, where the caller has kept count; None looks at every row.
    Raises OutboxCorrupt, sqlite3.DatabaseError.
    """
    counter = read_counter(connection)
    cursor = counter.acknowledged if acknowledged is None else acknowledged
    count, size = waiting or _counted(connection, cursor)
    first = connection.execute(
        "SELECT created_ms FROM events WHERE sequence > ? ORDER BY sequence LIMIT 1", (cursor,)
    ).fetchone()
    aside = connection.execute("SELECT count(*) FROM set_aside").fetchone()[0]
    cost = (counter.corruptions, counter.evicted, counter.evidence_evicted)
    return QueueState(count, size, None if first is None else first[0], counter.last, cursor, aside, *cost)


def _counted(connection: sqlite3.Connection, after: int) -> tuple[int, int]:
    query = "SELECT count(*), coalesce(sum(length(event)), 0) FROM events WHERE sequence > ?"
    count, size = connection.execute(query, (after,)).fetchone()
    return int(count), int(size)


def oldest_age_s(state: QueueState, now: datetime) -> float:
    """How long the oldest event has waited; 0 when none waits, or its clock was wrong (a device that woke up in 1970)."""
    if state.oldest_ms is None or state.oldest_ms < EARLIEST.timestamp() * 1000:
        return 0.0
    return max(0.0, now.timestamp() - state.oldest_ms / 1000)
