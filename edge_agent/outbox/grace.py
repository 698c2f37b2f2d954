"""What the centre has acknowledged and this device still keeps, for a centre that comes back from an older backup.

The newest acknowledged row always stays (the probe). Older ones leave in ranges: oldest first, once there is more of them
than `grace_bytes`, or when their grace is over. For the second, the cursor is marked once an hour; a clock that shows the
past marks nothing. When the wall clock leaps, or the device was off, what it marked moves along: between two marks at most
`BELIEVED_MS` pass, so that no leap ends a grace before the centre had the time to ask.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from edge_agent.clock import EARLIEST
from edge_agent.outbox.budget import Budget
from edge_agent.outbox.evidence import move_in_time

PRUNE_ROWS = 2000
MARK_MS = 3_600_000
BELIEVED_MS = 2 * MARK_MS


class Grace:
    """The acknowledged rows of one file. Every method runs in the caller's transaction or under its lock."""

    def __init__(self, connection: sqlite3.Connection, budget: Budget, acknowledged: int) -> None:
        self.bytes = 0
        self._budget = budget
        self._aged = self._marked_ms = 0
        self.recount(connection, acknowledged)

    def recount(self, connection: sqlite3.Connection, acknowledged: int) -> None:
        """Look anew at what is here."""
        self.bytes = _rows_and_bytes(connection, 0, acknowledged)[1]
        self._marked_ms = int(connection.execute("SELECT coalesce(max(at_ms), 0) FROM marks").fetchone()[0])

    @contextmanager
    def undone_on_failure(self) -> Iterator[None]:
        """Around a transaction: what this counted in it is forgotten when it fails."""
        before = (self.bytes, self._aged, self._marked_ms)
        try:
            yield
        except BaseException:
            self.bytes, self._aged, self._marked_ms = before
            raise

    def grew(self, connection: sqlite3.Connection, after: int, upto: int) -> tuple[int, int]:
        """The rows after one sequence, up to another, have been acknowledged: how many, and their bytes."""
        count, size = _rows_and_bytes(connection, after, upto)
        self.bytes += size
        return count, size

    def mark(self, connection: sqlite3.Connection, acknowledged: int, now: datetime) -> bool:
        """Remember once an hour how far the centre was, and find out what has become too old; whether it did."""
        now_ms = int(now.timestamp() * 1000)
        passed_ms = now_ms - self._marked_ms
        if now < EARLIEST or 0 <= passed_ms < MARK_MS:
            return False
        if self._marked_ms:
            _move_along(connection, passed_ms - min(max(passed_ms, 0), BELIEVED_MS))
        self._marked_ms = now_ms
        old_ms = now_ms - int(self._budget.grace_s * 1000)
        connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (now_ms, acknowledged))
        aged = connection.execute("SELECT max(acknowledged) FROM marks WHERE at_ms <= ?", (old_ms,)).fetchone()[0]
        self._aged = max(self._aged, aged or 0)
        connection.execute("DELETE FROM marks WHERE at_ms <= ?", (old_ms,))
        return True

    def due_below(self, acknowledged: int, slack_bytes: int = 0) -> int:
        """The sequence below which rows should leave, 0 for none; with so much patience about their bytes."""
        if self.bytes > self._budget.grace_bytes + slack_bytes:
            return acknowledged
        return min(acknowledged, self._aged + 1) if self._aged else 0

    def prune(self, connection: sqlite3.Connection, below: int) -> int:
        """Delete one range of the oldest, short enough for the log of a nearly full disk; how many rows."""
        count, size, upto = connection.execute(
            "SELECT count(*), coalesce(sum(length(event)), 0), max(sequence) FROM"
            " (SELECT sequence, event FROM events WHERE sequence < ? ORDER BY sequence LIMIT ?)",
            (below, PRUNE_ROWS),
        ).fetchone()
        if count:
            connection.execute("DELETE FROM events WHERE sequence <= ?", (upto,))
        self.bytes -= size
        if not count or upto >= self._aged:
            self._aged = 0
        return int(count)


def _move_along(connection: sqlite3.Connection, leap_ms: int) -> None:
    """The wall clock leapt: what it dated keeps its age."""
    if not leap_ms:
        return
    marks = connection.execute("SELECT at_ms + ?, acknowledged FROM marks", (leap_ms,)).fetchall()
    connection.execute("DELETE FROM marks")
    connection.executemany("INSERT INTO marks VALUES (?, ?)", marks)
    move_in_time(connection, leap_ms)


def _rows_and_bytes(connection: sqlite3.Connection, after: int, upto: int) -> tuple[int, int]:
    query = "SELECT count(*), coalesce(sum(length(event)), 0) FROM events WHERE sequence > ? AND sequence <= ?"
    count, size = connection.execute(query, (after, upto)).fetchone()
    return int(count), int(size)
