"""The queue of events that the centre has not acknowledged.

One transaction gives an event its sequence and writes it; the sequence is never reset. What is acknowledged is out of the
queue at once, but its rows stay for a while (`grace.py`) and then leave the file with a commit, in ranges: deleting on its
own would double the bytes written. The row of the newest acknowledged event always stays as a probe: sent again, a living
centre answers it without effect. What does not fit into the budget leaves as `room.py` says.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime

from edge_agent.errors import OutboxBusy, OutboxFull
from edge_agent.outbox.budget import Budget
from edge_agent.outbox.counter import Counter, read_counter, write_counter
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.entry import Entry
from edge_agent.outbox.eviction import remainder
from edge_agent.outbox.evidence import forget_old, send_again, spool
from edge_agent.outbox.grace import Grace
from edge_agent.outbox.ranks import Rank, rank_of
from edge_agent.outbox.room import PIECES_BYTES, Room
from edge_agent.outbox.rows import StoredRow, put_rows
from edge_agent.outbox.snapshots import save
from edge_agent.outbox.state import QueueState, read_state

FULL_DISK_STEPS = 4


@dataclass(frozen=True)
class Row:
    """One event as it will be sent, and the boot to which its monotonic time belongs."""

    sequence: int
    boot: str
    event: bytes


class Queue:
    """Append, oldest first, acknowledge, set aside. Every method may be called from any thread."""

    def __init__(self, file: OutboxFile, budget: Budget = Budget()) -> None:  # noqa: B008  a frozen value
        self._file = file
        self._counter = self._on_disk = read_counter(file.connection)
        self._grace = Grace(file.connection, budget, self._counter.acknowledged)
        self._room = Room(file, budget, self._grace)
        self._waiting: tuple[int, int] | None = None  # events and bytes, as long as every change is simple
        self.budget = budget

    @property
    def last(self) -> int:
        """The newest sequence given."""
        return self._counter.last

    @property
    def acknowledged(self) -> int:
        """Up to which sequence everything is on the centre's disk."""
        return self._counter.acknowledged

    def append(self, entries: Sequence[Entry], now: datetime, states: Mapping[str, bytes] | None = None) -> list[int]:
        """Commit `entries` and the task `states` that follow from them; the sequences given.

        On a full disk what the centre has already makes room, and for an alarm also what is worth less. Raises OutboxFull,
        OutboxBusy.
        """
        with self._file.lock:
            first = self.last + 1
            try:
                self._append(first, entries, now, states or {})
            except OutboxFull:
                if not self._relieved(min((rank_of(entry.kind, entry.urgent) for entry in entries), default=Rank.SUMMARY)):
                    raise
                self._append(first, entries, now, states or {})
            with suppress(OutboxFull, OutboxBusy):
                self._make_fit(any(entry.attachment is not None for entry in entries))
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
        with self._file.lock, suppress(OutboxFull, OutboxBusy):
            reached, before = min(upto, self.last), self.acknowledged
            if reached <= before:
                return
            self._split(reached)
            self._counter = replace(self._counter, acknowledged=reached)
            count, size = self._grace.grew(self._file.connection, before, reached)
            self._waits(-count, -size)
            if self._grace.due_below(reached, self.budget.slack_bytes):
                self.prune()

    def prune(self) -> None:
        """Let acknowledged rows whose grace is over leave the file now, and keep the cursor.

        A full disk or a locked file only delays it.
        """
        with self._file.lock, suppress(OutboxFull, OutboxBusy):
            while below := self._grace.due_below(self.acknowledged):
                try:
                    pruned = self._prune_below(below)
                except OutboxFull:
                    self._file.make_room()
                    pruned = self._prune_below(below)
                    self._file.make_room()
                if not pruned:
                    break
            if self._counter != self._on_disk:
                self._step(lambda _: self._counter)
            self._file.reserve.fill()

    def set_aside(self, sequence: int, why: str, declaration: Entry) -> None:
        """Move a refused event out of the way; its `declaration` of loss stands in its very place. Raises OutboxFull."""
        with self._writing() as connection:
            found = connection.execute("SELECT event FROM events WHERE sequence = ?", (sequence,)).fetchone()
            if found is not None:
                at = declaration.occurred_at.isoformat()
                connection.execute("INSERT OR IGNORE INTO set_aside VALUES (?, ?, ?, ?)", (sequence, why, at, found[0]))
                _put(connection, sequence, declaration)
        self._waiting = None

    def take_back(self, upto: int, declare: Callable[[int, int], Entry]) -> None:
        """The centre forgot what it had acknowledged behind `upto`: what is still here, evidence too, waits again.

        `declare` makes the declaration of what is not, from its first and last sequence. Raises OutboxFull.
        """
        with self._file.lock:
            counter = replace(self._counter, acknowledged=upto)
            with self._writing() as connection:
                oldest = connection.execute("SELECT min(sequence) FROM events WHERE sequence > ?", (upto,)).fetchone()[0]
                here = self.last + 1 if oldest is None else oldest
                if here > upto + 1:
                    _put(connection, upto + 1, declare(upto + 1, here - 1))
                send_again(connection)
                write_counter(connection, counter)
            self._counter = self._on_disk = counter
            self._waiting = None
            self._grace.recount(self._file.connection, upto)
            self._room.look_anew()

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
            state = read_state(self._file.connection, self.acknowledged, self._waiting)
            self._waiting = (state.count, state.bytes)
            return state

    def _append(self, first: int, entries: Sequence[Entry], now: datetime, states: Mapping[str, bytes]) -> None:
        counter = replace(self._counter, last=first + len(entries) - 1)
        created_ms = int(now.timestamp() * 1000)
        rows = [_stored(first + i, entry, created_ms) for i, entry in enumerate(entries)]
        with self._writing() as connection:
            put_rows(connection, rows)
            for i, entry in enumerate(entries):
                if entry.attachment is not None:
                    spool(connection, first + i, entry.boot, entry.attachment, rank_of(entry.kind, entry.urgent))
            for task, state in states.items():
                save(connection, task, state)
            self._age(connection, now)
            write_counter(connection, counter)
        self._counter = self._on_disk = counter
        self._file.written_ms = created_ms
        self._waits(len(rows), sum(len(row.event) for row in rows))

    def _waits(self, events: int, size: int) -> None:
        """Keep count of what waits: looking at every row of a long backlog for each health message takes seconds."""
        if self._waiting is not None:
            self._waiting = (self._waiting[0] + events, self._waiting[1] + size)

    def _age(self, connection: sqlite3.Connection, now: datetime) -> None:
        """Let one range of rows go whose grace is over, and with the hour the evidence whose grace is."""
        if self._grace.mark(connection, self.acknowledged, now):
            forget_old(connection, int((now.timestamp() - self.budget.grace_s) * 1000))
        if below := self._grace.due_below(self.acknowledged):
            self._grace.prune(connection, below)

    def _make_fit(self, has_evidence: bool) -> None:
        """Free what is over the budget, and a little more, a step a transaction."""
        excess = self._room.evidence_excess_bytes(self._file.connection) if has_evidence else 0
        while excess > 0 and self._step(lambda c: self._room.free_evidence(c, self._counter, excess)):  # noqa: B023
            excess = self._room.evidence_excess_bytes(self._file.connection)
        is_short = self._room.is_short()
        while is_short and (self._prune_below(self.acknowledged) or self._step(self._free_any)):
            is_short = self._room.is_short(self.budget.slack_bytes)

    def _free_any(self, connection: sqlite3.Connection) -> Counter | None:
        freed = self._room.free_evidence(connection, self._counter, self._room.excess_bytes())
        return freed or self._room.free_events(connection, self._counter)

    def _relieved(self, spare: Rank) -> bool:
        """On a full disk: whether anything could leave for what is worth `spare`."""
        if self._file.drop_set_aside():
            return True
        if not self._room.can_spare(self._file.connection, self.acknowledged, spare):
            return False
        self._file.make_room()
        freed = 0
        while freed < FULL_DISK_STEPS and (
            self._prune_below(self.acknowledged)
            or self._step(lambda c: self._room.free_evidence(c, self._counter, PIECES_BYTES, delivered=spare > Rank.ALARM))
            or self._step(lambda c: self._room.free_events(c, self._counter, spare))
        ):
            freed += 1
        self._file.make_room()
        self._file.reserve.fill()
        return freed > 0

    def _step(self, free: Callable[[sqlite3.Connection], Counter | None]) -> bool:
        with self._writing() as connection:
            counter = free(connection)
            if counter is not None:
                write_counter(connection, counter)
        if counter is not None:
            self._waiting = self._waiting if counter.evicted == self._counter.evicted else None
            self._counter = self._on_disk = counter
        return counter is not None

    def _prune_below(self, below: int) -> int:
        with self._writing() as connection:
            pruned = self._grace.prune(connection, below)
            if pruned:
                write_counter(connection, self._counter)
        self._on_disk = self._counter if pruned else self._on_disk
        return pruned

    def _split(self, upto: int) -> None:
        """When the centre is in the middle of a range that was declared since: declare the rest behind its cursor."""
        with self._file.lock:
            rest = remainder(self._file.connection, upto)
        if rest is not None:
            with self._writing() as connection:
                put_rows(connection, [rest])
            self._waiting = None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._file.lock, self._grace.undone_on_failure(), self._file.writing() as connection:
            yield connection


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
