"""What can still be read of a damaged outbox, moved into a fresh file.

The fresh file is made beside the damaged one and gets its name only when it is whole: from then on `outbox.mended.db` takes
the damaged one's place, and a power cut on the way there only means that the next start goes on. It is read in pieces: an
outbox may be larger than the memory of its device.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from edge_agent.errors import OutboxCorrupt
from edge_agent.outbox.counter import Counter, read_counter, write_counter
from edge_agent.outbox.database import OutboxFile, open_read_only
from edge_agent.outbox.entry import Stamper
from edge_agent.outbox.evidence import read_attachment, spool
from edge_agent.outbox.ranks import Rank
from edge_agent.outbox.rows import SELECT_ROWS, StoredRow, last_of, put_rows, whole_rows
from protocols.messages.lost import Lost

CHUNK_ROWS = 1000
UNREADABLE = (sqlite3.Error, ValueError, TypeError)  # the latter two where a damaged record is of another type


@dataclass
class Salvage:
    """What was kept. holes: ranges of sequences that no row covers; kept_from: where the acknowledged rows have no hole."""

    counter: Counter
    kept: int = 0
    holes: list[tuple[int, int]] = field(default_factory=list)
    kept_from: int = 0


def salvaged(damaged: Path, fresh: Path, damage: str, stamper: Stamper) -> Salvage:
    """Move what can be read of `damaged` into `fresh`, which must not exist.

    Raises OutboxCorrupt when the counter is gone and cannot be told from the rows, OutboxFull.
    """
    with closing(open_read_only(damaged)) as source:
        salvage = Salvage(_counter(source, damage))
        with closing(OutboxFile(fresh)) as file:
            for rows in _chunks(_noted(salvage, _readable(source, salvage.counter.last))):
                with file.writing() as connection:
                    put_rows(connection, rows)
            _copy_the_rest(source, file)
            _conclude(file, salvage, stamper)
            file.fold_log()
    return salvage


def _counter(source: sqlite3.Connection, damage: str) -> Counter:
    try:
        return read_counter(source)
    except (*UNREADABLE, OutboxCorrupt) as error:
        counter = _counted_from_rows(source)
        if counter is not None:
            return counter
        raise OutboxCorrupt(
            f"{damage}; its counter cannot be read ({error}). Find the last stored sequence N of this device on the "
            "centre's Devices page and run: tallyhouse-edge outbox --config FILE --continue-after N"
        ) from error


def _counted_from_rows(source: sqlite3.Connection) -> Counter | None:
    """The counter as the rows tell it: the newest row is always there. None unless every row can be read."""
    first, last, count = 0, 0, 0
    try:
        found = source.execute("SELECT count(*) FROM events").fetchone()[0]
        for row in whole_rows(source.execute(f"{SELECT_ROWS} ORDER BY sequence")):
            first, last, count = first or row.sequence, last_of(row), count + 1
    except UNREADABLE:
        return None
    return Counter(last=last, acknowledged=first - 1) if count and count == found else None


def _readable(source: sqlite3.Connection, upto: int) -> Iterator[StoredRow]:
    """Every row that can be read, in order; a page that cannot be is passed over sequence by sequence."""
    at = -1
    while at < upto:
        try:
            for row in whole_rows(source.execute(f"{SELECT_ROWS} WHERE sequence > ? ORDER BY sequence", (at,))):
                if row.sequence > at:
                    at = row.sequence
                    yield row
            return
        except UNREADABLE:
            at += 1


def _noted(salvage: Salvage, rows: Iterator[StoredRow]) -> Iterator[StoredRow]:
    """The same rows, while `salvage` learns what is missing between them."""
    due = 0
    acknowledged = salvage.counter.acknowledged
    for row in rows:
        if row.sequence > max(due, acknowledged + 1):
            salvage.holes.append((max(due, acknowledged + 1), row.sequence - 1))
        if row.sequence != due and row.sequence <= acknowledged:
            salvage.kept_from = row.sequence
        due = max(due, last_of(row) + 1)
        salvage.kept += 1
        yield row
    if max(due, acknowledged + 1) <= salvage.counter.last:
        salvage.holes.append((max(due, acknowledged + 1), salvage.counter.last))
    salvage.counter = replace(salvage.counter, last=max(salvage.counter.last, due - 1))


def _chunks(rows: Iterator[StoredRow]) -> Iterator[list[StoredRow]]:
    chunk: list[StoredRow] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK_ROWS:
            yield chunk
            chunk = []
    yield chunk


def _copy_the_rest(source: sqlite3.Connection, file: OutboxFile) -> None:
    """Evidence, saved states and what was set aside, as far as they can be read; what has a hash must fit it."""
    with file.writing() as connection, suppress(*UNREADABLE):
        columns = "SELECT sequence, sha256, boot, media_type, taken_at, data FROM evidence ORDER BY sequence"
        for sequence, name, boot, *told in source.execute(columns):
            attachment = read_attachment(name, *told)
            if attachment is not None and isinstance(boot, str):
                spool(connection, sequence, boot, attachment, Rank.COUNT)
    with file.writing() as connection, suppress(*UNREADABLE):
        for task, digest, state in source.execute("SELECT task, sha256, state FROM snapshots"):
            if isinstance(task, str) and isinstance(state, bytes) and sha256(state).hexdigest() == digest:
                connection.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)", (task, digest, state))
    with file.writing() as connection, suppress(*UNREADABLE):
        for row in source.execute("SELECT sequence, why, at, event FROM set_aside"):
            connection.execute("INSERT OR IGNORE INTO set_aside VALUES (?, ?, ?, ?)", row)


def _conclude(file: OutboxFile, salvage: Salvage, stamper: Stamper) -> None:
    counter = replace(salvage.counter, corruptions=salvage.counter.corruptions + 1)
    with file.writing() as connection:
        connection.execute("DELETE FROM events WHERE sequence < ?", (salvage.kept_from,))
        put_rows(connection, (_declared(stamper, first, last) for first, last in salvage.holes))
        write_counter(connection, counter)


def _declared(stamper: Stamper, first: int, last: int) -> StoredRow:
    entry = stamper.entry(Lost(first=first, last=last, reason="corrupt"))
    created_ms = int(entry.occurred_at.timestamp() * 1000)
    return StoredRow(first, entry.boot, created_ms, Rank.DECLARED, entry.as_event(first))
