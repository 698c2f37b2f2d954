"""The counter: the last sequence given, how far the centre has acknowledged, how often this file was found damaged."""

import sqlite3
from dataclasses import dataclass
from zlib import crc32

from edge_agent.errors import OutboxCorrupt


@dataclass(frozen=True)
class Counter:
    """The one row of its table."""

    last: int = 0
    acknowledged: int = 0
    corruptions: int = 0

    @property
    def crc(self) -> int:
        """CRC-32 over all of it: a counter that is wrong by a digit would give a sequence twice."""
        return crc32(b"%d %d %d" % (self.last, self.acknowledged, self.corruptions))


def read_counter(connection: sqlite3.Connection) -> Counter:
    """The counter. Raises OutboxCorrupt when it is gone or its checksum does not fit, sqlite3.DatabaseError."""
    row = connection.execute("SELECT last, acknowledged, corruptions, crc FROM counter").fetchone()
    if row is None or Counter(*row[:3]).crc != row[3]:
        raise OutboxCorrupt("the counter's row does not fit its checksum")
    return Counter(*row[:3])


def write_counter(connection: sqlite3.Connection, counter: Counter) -> None:
    """Keep `counter`, in the caller's transaction."""
    values = (counter.last, counter.acknowledged, counter.corruptions, counter.crc)
    connection.execute("UPDATE counter SET last = ?, acknowledged = ?, corruptions = ?, crc = ?", values)
