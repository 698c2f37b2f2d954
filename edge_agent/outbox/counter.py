"""The counter: the last sequence given, how far the centre has acknowledged, and what damage and want of room have cost."""

import sqlite3
from dataclasses import astuple, dataclass
from zlib import crc32

from edge_agent.errors import OutboxCorrupt


@dataclass(frozen=True)
class Counter:
    """The one row of its table. corruptions: of the file; evicted, evidence_evicted: events and pieces that had to leave."""

    last: int = 0
    acknowledged: int = 0
    corruptions: int = 0
    evicted: int = 0
    evidence_evicted: int = 0

    @property
    def crc(self) -> int:
        """CRC-32 over all of it: a counter that is wrong by a digit would give a sequence twice."""
        return crc32(b"%d %d %d %d %d" % astuple(self))


def read_counter(connection: sqlite3.Connection) -> Counter:
    """The counter. Raises OutboxCorrupt when it is gone or its checksum does not fit, sqlite3.DatabaseError."""
    row = connection.execute(
        "SELECT last, acknowledged, corruptions, evicted, evidence_evicted, crc FROM counter"
    ).fetchone()
    if row is None or Counter(*row[:-1]).crc != row[-1]:
        raise OutboxCorrupt("the counter's row does not fit its checksum")
    return Counter(*row[:-1])


def write_counter(connection: sqlite3.Connection, counter: Counter) -> None:
    """Keep `counter`, in the caller's transaction."""
    connection.execute(
        "UPDATE counter SET last = ?, acknowledged = ?, corruptions = ?, evicted = ?, evidence_evicted = ?, crc = ?",
        (*astuple(counter), counter.crc),
    )
