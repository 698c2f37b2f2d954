"""One SQLite file, one connection, one lock: WAL, FULL, 1024-byte pages; every write between BEGIN IMMEDIATE and COMMIT.

Small pages and the late pruning of `queue.py` keep a memory card alive: a commit of ten events costs a few kilobytes.
"""

import fcntl
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from sqlite_utils import Database

from edge_agent.errors import OutboxBusy, OutboxCorrupt, OutboxFull, OutboxUnusable
from edge_agent.outbox.aside import remove, set_aside, set_aside_bytes
from edge_agent.outbox.log_check import log_damage
from edge_agent.outbox.migrations import upgrade
from edge_agent.outbox.reserve import Reserve
from edge_agent.outbox.soundness import CHECK_S, row_damage, structure_damage

OUTBOX_NAME = "outbox.db"
BUSY_TIMEOUT_S = 10.0
PAGE_BYTES = 1024
CACHE_KIB = 4096
LOG_BYTES = 1_100_000  # what the log holds when it is folded back (1,000 pages): a larger one is cut
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_FORBIDDEN = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_DAMAGED |= {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH}  # our own SQL does not fit the schema


class OutboxFile:
    """The file behind the queue, the evidence spool and the snapshots. written_ms: when an event was last written.

    Raises OutboxCorrupt, OutboxBusy, OutboxFull, OutboxUnusable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = RLock()
        self.written_ms = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # pictures and readings that nobody has seen yet
            self._guard = Lock(path.with_suffix(".lock"))
        except OSError as error:
            raise OutboxUnusable(_unusable(path, error.strerror or str(error))) from error
        self.reserve = Reserve(path.with_suffix(".reserve"))
        self._aside_bytes = set_aside_bytes(path)
        try:
            self.connection = self._opened()
        except BaseException:
            self._guard.close()
            raise
        self.reserve.fill()

    def _opened(self) -> sqlite3.Connection:
        """The checked connection; a disk that is full to the brim gets the reserve, for opening writes a little."""
        try:
            return _checked(self.path)
        except OutboxFull:
            self.reserve.spend()
            return _checked(self.path)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One write transaction; what failed is rolled back whole. Raises OutboxFull, OutboxBusy."""
        with self.lock, said(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def make_room(self) -> None:
        """Spend the reserve on folding the log back into the file: a full disk then takes deletions. Raises OutboxFull."""
        with self.lock:
            self.reserve.spend()
            self.fold_log()

    def fold_log(self) -> None:
        """Fold the log back into the file and cut it. Raises OutboxFull."""
        with self.lock, said(self.path):
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def occupied_bytes(self) -> int:
        """What the outbox takes of the disk: pages in use, log, reserve, and damaged files that were set aside."""
        with self.lock:
            pages = int(self.connection.execute("PRAGMA page_count").fetchone()[0])
            free = int(self.connection.execute("PRAGMA freelist_count").fetchone()[0])
        beside = (log_of(self.path), self.reserve.path)
        return (pages - free) * PAGE_BYTES + sum(_size(path) for path in beside) + self._aside_bytes

    def drop_set_aside(self) -> bool:
        """Let the damaged files go: they are for people, what waits is for the centre. Whether there were any."""
        found = set_aside(self.path) if self._aside_bytes else []
        for old in found:
            remove(old)
        self._aside_bytes = 0
        return bool(found)

    def close(self) -> None:
        """Close the file and let the next process have it."""
        with self.lock:
            self.connection.close()
            self._guard.close()


@contextmanager
def said(path: Path) -> Iterator[None]:
    """Turn SQLite's words for "no room", "not allowed" and "somebody else writes" into ours.

    Raises OutboxFull, OutboxUnusable, OutboxBusy.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        if _code(error) in _NO_ROOM:
            remedy = "free space on this disk (or replace it, if it has some) or move data_dir; nothing committed is lost"
            raise OutboxFull(f"{path}: {error}; {remedy}") from error
        if _code(error) in _FORBIDDEN:
            raise OutboxUnusable(_unusable(path, str(error))) from error
        if _code(error) in _LOCKED:
            raise OutboxBusy(f"{path}: {error}; close the program that holds it open for writing") from error
        raise


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary code; where Python could not read what SQLite gave it, there is none, and that is our own SQL's."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _unusable(path: Path, why: str) -> str:
    return f"{path}: {why}; data_dir must be a folder that this user may write to: correct the key or the folder's rights"


def log_of(path: Path) -> Path:
    """SQLite's write-ahead log of the file at `path`."""
    return path.with_name(f"{path.name}-wal")


def open_read_only(path: Path) -> sqlite3.Connection:
    """A second look at an outbox that an agent may be writing to. Raises sqlite3.Error."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)


class Lock:
    """Holds the advisory lock that keeps a second agent away from the same outbox."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise OutboxBusy(f"{path} is held by another agent; stop it, or give this one its own data_dir") from error

    def close(self) -> None:
        """Give the lock back."""
        self._file.close()


def is_at_work(path: Path) -> bool:
    """Whether an agent works with the outbox at `path`; looking makes no file."""
    try:
        with path.with_suffix(".lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _checked(path: Path) -> sqlite3.Connection:
    damage = log_damage(log_of(path), path, PAGE_BYTES)
    if damage is not None:
        raise OutboxCorrupt(f"{path}: {damage}")
    with said(path):
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, check_same_thread=False, isolation_level=None)
    try:
        with said(path):
            _prepare(connection, path)
    except sqlite3.DatabaseError as error:
        connection.close()
        if _code(error) in _DAMAGED:
            raise OutboxCorrupt(f"{path}: {error}") from error
        raise
    except (ValueError, TypeError) as error:  # names in the schema that are no text any more
        connection.close()
        raise OutboxCorrupt(f"{path}: {error}") from error
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    deadline_s = time.monotonic() + CHECK_S
    damage = structure_damage(connection, deadline_s)
    if damage is None:
        upgrade(Database(connection))
        damage = row_damage(connection, deadline_s)
    if damage is not None:
        raise OutboxCorrupt(f"{path}: {damage}")
