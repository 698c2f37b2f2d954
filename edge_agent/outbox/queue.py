"""The queue of events that the centre has not acknowledged.

One transaction gives an event its sequence and writes it; the sequence is never reset. What is acknowledged is out of the
queue at once, but its rows leave the file with the next commit, in one range: deleting on its own would double the bytes
written. The row of the newest acknowledged event stays as a probe: sent again, a living centre answers it without effect.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from edge_agent.clock import EARLIEST
from edge_agent.errors import OutboxBusy, OutboxFull
from edge_agent.outbox.counter import read_counter, write_counter
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.entry import Entry
from edge_agent.outbox.evidence import spool
from edge_agent.outbox.ranks import rank_of
from edge_agent.outbox.rows import StoredRow, put_rows
from edge_agent.outbox.snapshots import save

PRUNE_ROWS = 500


@dataclass(frozen=True)
class Row:
    """One event as it will be sent, and the boot to which its monotonic time belongs."""

    sequence: int
    boot: str
    event: bytes


@dataclass(frozen=True)
class QueueState:
    """What waits: events not acknowledged, their bytes, when the oldest was written, and the counters."""

    count: int
    bytes: int
    oldest_ms: int | None
    last: int
    acknowledged: int
    set_aside: int
    corruptions: int


class Queue:
    """Append, oldest first, acknowledge, set aside. Every method may be called from any thread."""

    def __init__(self, file: OutboxFile) -> None:
        self._file = file
        self.last: int
        self.acknowledged: int
        self._counter = read_counter(file.connection)
        self.last, self.acknowledged = self._counter.last, self._counter.acknowledged
        self._pruned = self.acknowledged

    def append(self, entries: Sequence[Entry], now: datetime, states: Mapping[str, bytes] | None = None) -> list[int]:
        """Commit `entries` and the task `states` that follow from them; the sequences given.

        Raises OutboxFull, OutboxBusy.
        """
        with self._file.lock:
            first = self.last + 1
            with self._file.writing() as connection:
                self._insert(connection, first, entries, now)
                for task, state in (states or {}).items():
                    save(connection, task, state)
                self._count(connection, last=first + len(entries) - 1)
                pruned = self._prune(connection)
            self.last = first + len(entries) - 1
            self._pruned = pruned
        return list(range(first, first + len(entries)))

    def oldest_first(self, after: int, limit_bytes: int, limit_count: int) -> list[Row]:
        """Events after a sequence, of one boot, at most so many bytes (but at least one event) and events."""
        with self._file.lock:
            rows = self._file.connection.execute(
                "SELECT sequence, boots.boot, event FROM events JOIN boots ON boots.id = events.boot"
                " WHERE sequence > ? ORDER BY sequence LIMIT ?",
                (after, limit_count),
            )
            return _one_batch((Row(*row) for row in rows), limit_bytes)

    def urgent_after(self, after: int, limit_bytes: int, limit_count: int, before: int | None = None) -> list[Row]:
        """Alarms and defects not acknowledged, between two sequences (`before` None: no end), newest first.

        Of the boot of the newest of them; at most so many bytes (but at least one event) and events.
        """
        with self._file.lock:
            rows = self._file.connection.execute(
                "SELECT sequence, boots.boot, event FROM events JOIN boots ON boots.id = events.boot"
                " WHERE class = 1 AND sequence > ? AND sequence < ? ORDER BY sequence DESC LIMIT ?",
                (max(after, self.acknowledged), self.last + 1 if before is None else before, limit_count),
            )
            return _one_batch((Row(*row) for row in rows), limit_bytes)

    def probe(self) -> Row | None:
        """The newest acknowledged event, when it is still here."""
        rows = self.oldest_first(self.acknowledged - 1, 0, 1)
        return rows[0] if rows and rows[0].sequence == self.acknowledged else None

    def acknowledge(self, upto: int) -> None:
        """Everything up to `upto` is on the centre's disk."""
        with self._file.lock:
            self.acknowledged = max(self.acknowledged, min(upto, self.last))
            if self.acknowledged - self._pruned >= PRUNE_ROWS:
                self.prune()

    def prune(self) -> None:
        """Let the rows of acknowledged events leave the file now; a full disk or a locked file only delays it."""
        with self._file.lock, suppress(OutboxFull, OutboxBusy):
            while self._pruned < self.acknowledged:
                try:
                    self._prune_alone()
                except OutboxFull:
                    self._file.make_room()
                    self._prune_alone()
                    self._file.make_room()
            self._file.reserve.fill()

    def set_aside(self, sequence: int, why: str, declaration: Entry) -> None:
        """Move a refused event out of the way; its `declaration` of loss stands in its very place. Raises OutboxFull."""
        with self._file.writing() as connection:
            found = connection.execute("SELECT event FROM events WHERE sequence = ?", (sequence,)).fetchone()
            if found is not None:
                at = declaration.occurred_at.isoformat()
                connection.execute("INSERT OR IGNORE INTO set_aside VALUES (?, ?, ?, ?)", (sequence, why, at, found[0]))
                _put(connection, sequence, declaration)

    def take_back(self, upto: int, declare: Callable[[int, int], Entry]) -> None:
        """The centre forgot what it had acknowledged behind `upto`: what is still here waits again.

        `declare` makes the declaration of what is not, from its first and last sequence. Raises OutboxFull.
        """
        with self._file.lock:
            with self._file.writing() as connection:
                oldest = connection.execute("SELECT min(sequence) FROM events WHERE sequence > ?", (upto,)).fetchone()[0]
                here = self.last + 1 if oldest is None else oldest
                if here > upto + 1:
                    _put(connection, upto + 1, declare(upto + 1, here - 1))
                write_counter(connection, replace(self._counter, last=self.last, acknowledged=upto))
            self.acknowledged = self._pruned = upto
            self._file.uploaded.clear()

    def has_boot(self, boot: str) -> bool:
        """Whether this device has ever concluded anything in that boot."""
        with self._file.lock:
            return self._file.connection.execute("SELECT 1 FROM boots WHERE boot = ?", (boot,)).fetchone() is not None

    def has_waiting(self) -> bool:
        """Whether anything is not acknowledged."""
        return self.acknowledged < self.last

    def state(self) -> QueueState:
        """Counts and bytes of what waits."""
        with self._file.lock:
            return read_state(self._file.connection, self.acknowledged)

    def _insert(self, connection: sqlite3.Connection, first: int, entries: Sequence[Entry], now: datetime) -> None:
        created_ms = int(now.timestamp() * 1000)
        put_rows(connection, (_stored(first + i, entry, created_ms) for i, entry in enumerate(entries)))
        for i, entry in enumerate(entries):
            if entry.attachment is not None and entry.attachment.name not in self._file.uploaded:
                spool(connection, first + i, entry.boot, entry.attachment, rank_of(entry.kind, entry.urgent))

    def _count(self, connection: sqlite3.Connection, last: int) -> None:
        write_counter(connection, replace(self._counter, last=last, acknowledged=self.acknowledged))

    def _prune(self, connection: sqlite3.Connection) -> int:
        """Delete one range, short enough for the log of a nearly full disk; up to where."""
        upto = min(self.acknowledged, self._pruned + 2 * PRUNE_ROWS)
        connection.execute("DELETE FROM events WHERE sequence < ?", (upto,))
        return upto

    def _prune_alone(self) -> None:
        with self._file.writing() as connection:
            self._count(connection, self.last)
            pruned = self._prune(connection)
        self._pruned = pruned


def read_state(connection: sqlite3.Connection, acknowledged: int | None = None) -> QueueState:
    """The state of a queue as its file shows it; `acknowledged` None takes the cursor on disk."""
    last, on_disk, corruptions = connection.execute("SELECT last, acknowledged, corruptions FROM counter").fetchone()
    cursor = on_disk if acknowledged is None else acknowledged
    count, size, oldest_ms = connection.execute(
        "SELECT count(*), coalesce(sum(length(event)), 0), min(created_ms) FROM events WHERE sequence > ?", (cursor,)
    ).fetchone()
    aside = connection.execute("SELECT count(*) FROM set_aside").fetchone()[0]
    return QueueState(count, size, oldest_ms, last, cursor, aside, corruptions)


def oldest_age_s(state: QueueState, now: datetime) -> float:
    """How long the oldest event has waited; 0 when none waits, or its clock was wrong (a device that woke up in 1970)."""
    if state.oldest_ms is None or state.oldest_ms < EARLIEST.timestamp() * 1000:
        return 0.0
    return max(0.0, now.timestamp() - state.oldest_ms / 1000)


def _one_batch(rows: Iterable[Row], limit_bytes: int) -> list[Row]:
    batch: list[Row] = []
    size = 0
    for row in rows:
        size += len(row.event) + 1
        if batch and (size > limit_bytes or row.boot != batch[0].boot):
            break
        batch.append(row)
    return batch


def _put(connection: sqlite3.Connection, sequence: int, entry: Entry) -> None:
    put_rows(connection, [_stored(sequence, entry, int(entry.occurred_at.timestamp() * 1000))])


def _stored(sequence: int, entry: Entry, created_ms: int) -> StoredRow:
    return StoredRow(sequence, entry.boot, created_ms, rank_of(entry.kind, entry.urgent), entry.as_event(sequence))
