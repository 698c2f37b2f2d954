"""Which keys of a file came before, and in which row: on disk, so that a file of any length takes the same memory."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from hashlib import blake2b
from types import TracebackType

Trace = tuple[int, int]  # hash of a record, and the row it stood in


def hashed(text: str) -> int:
    """64 bits of a text: two of a million share them once in thirty million files."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


class Seen:
    """Keys and records of the rows so far, as hashes, in SQLite's own temporary file."""

    def __init__(self) -> None:
        self._conn = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._conn.execute("PRAGMA synchronous=OFF")
        self._conn.execute("CREATE TABLE seen (key INTEGER PRIMARY KEY, record INTEGER, line INTEGER)")

    def __enter__(self) -> "Seen":
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None) -> None:
        self._conn.close()

    def first(self, rows: Sequence[tuple[int, int, int]]) -> Mapping[int, Trace]:
        """Take note of (key, record, row) and say of each key what its first row held."""
        with closing(self._conn.cursor()) as cursor:
            cursor.execute("BEGIN")
            cursor.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", rows)
            cursor.execute("COMMIT")
            marks = ",".join("?" * len(rows))
            found = cursor.execute(f"SELECT key, record, line FROM seen WHERE key IN ({marks})", [key for key, _, _ in rows])  # noqa: S608
            return {key: (record, line) for key, record, line in found}
