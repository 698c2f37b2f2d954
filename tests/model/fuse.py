"""kill -9 at any statement: the database's files are copied as they lie there at that moment, and that is what is left.

SQLite announces each statement before it runs. A fuse that burns at the statement numbered n copies the file and its log
there and then, in the middle of a transaction if so it falls; what the old objects do afterwards nobody sees.
"""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


class Fuse:
    """Watches over one process with one database. `burnt`: called at the moment of its death."""

    def __init__(self, database: Path, grave: Path, burnt: Callable[[], None]) -> None:
        self.is_burnt = False
        self._database, self._grave, self._burnt = database, grave, burnt
        self._left = 0
        self._connections: list[sqlite3.Connection] = []

    def watch(self, connection: sqlite3.Connection) -> None:
        """A connection to the database, whose statements will be counted."""
        self._connections.append(connection)

    def light(self, statements: int) -> None:
        """Burn before the statement with this number from now (1: the next)."""
        self._left = statements
        for connection in self._connections:
            connection.set_trace_callback(self._statement)

    def burn(self) -> None:
        """Die now, unless dead."""
        if not self.is_burnt:
            self.is_burnt = True
            copied(self._database, self._grave)
            self._burnt()

    def _statement(self, _sql: str) -> None:
        self._left -= 1
        if self._left <= 0:
            self.burn()


def copied(database: Path, folder: Path) -> Path:
    """A database and its log as they lie there now, in another folder; the copy's path. SQLite makes its index anew."""
    folder.mkdir(parents=True)
    for suffix in ("", "-wal"):
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{database}{suffix}", folder / f"{database.name}{suffix}")
    return folder / database.name
