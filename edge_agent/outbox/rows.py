"""A row of the outbox: the event as it will be sent, with a checksum over all that is stored of it.

SQLite notices a page whose structure is broken, not a digit that became another one: a worn card makes both.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zlib import crc32

import msgspec

from edge_agent.outbox.ranks import Rank
from protocols.codec import read_event
from protocols.messages.lost import Lost

SELECT_ROWS = (
    "SELECT sequence, boots.boot, boots.crc, created_ms, class, events.crc, event, events.boot"
    " FROM events LEFT JOIN boots ON boots.id = events.boot"
)
UNREADABLE_BOOT = "unreadable"


class StoredRow(NamedTuple):
    """One event. boot: to which its monotonic time belongs; created_ms: when it was written, milliseconds since 1970."""

    sequence: int
    boot: str
    created_ms: int
    rank: Rank
    event: bytes


def put_rows(connection: sqlite3.Connection, rows: Iterable[StoredRow]) -> None:
    """Write rows, over those of the same sequence, in the caller's transaction."""
    keys: dict[str, int] = {}
    values = []
    for row in rows:
        boot = keys[row.boot] if row.boot in keys else keys.setdefault(row.boot, _boot_key(connection, row.boot))
        crc = checksum(row.sequence, boot, row.created_ms, row.rank, row.event)
        values.append((row.sequence, boot, row.created_ms, int(row.rank), crc, row.event))
    connection.executemany("INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?)", values)


def whole_rows(found: Iterable[tuple[int, str | None, int, int, int, int, bytes, int]]) -> Iterator[StoredRow]:
    """The rows of a `SELECT_ROWS` whose checksum fits; an event survives its boot's name, it only cannot be re-dated."""
    for sequence, boot, boot_crc, created_ms, rank, crc, event, key in found:
        try:
            is_whole = checksum(sequence, key, created_ms, rank, event) == crc
        except TypeError:  # a damaged record shows a number as a text, or nothing
            continue
        if is_whole:
            is_known = isinstance(boot, str) and crc32(boot.encode()) == boot_crc
            yield StoredRow(sequence, boot if boot and is_known else UNREADABLE_BOOT, created_ms, Rank(rank), event)


def declared(row: StoredRow) -> Lost | None:
    """The loss that a row declares; None when it is an event."""
    return msgspec.json.decode(read_event(row.event).data, type=Lost) if row.rank is Rank.DECLARED else None


def last_of(row: StoredRow) -> int:
    """The last sequence that a row covers: its own, or that of the range it declares lost."""
    loss = declared(row)
    return row.sequence if loss is None else loss.last


def checksum(sequence: int, boot: int, created_ms: int, rank: int, event: bytes) -> int:
    """CRC-32 over everything in a row."""
    return crc32(event, crc32(b"%d %d %d %d" % (sequence, boot, created_ms, rank)))


def _boot_key(connection: sqlite3.Connection, boot: str) -> int:
    """The number under which a boot's id is stored once."""
    found = connection.execute("SELECT id FROM boots WHERE boot = ?", (boot,)).fetchone()
    if found is not None:
        return int(found[0])
    values = (boot, crc32(boot.encode()))
    return int(connection.execute("INSERT INTO boots (boot, crc) VALUES (?, ?) RETURNING id", values).fetchone()[0])
