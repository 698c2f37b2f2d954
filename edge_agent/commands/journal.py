"""Commands and replies in the outbox file: nothing is carried out before it is written down, nothing said before it is.

An action happens at most once. Before it begins its command is marked; after a crash a marked one without an end is answered
with `failed`, and never begun again: whether it happened is then for a person to see. The last `REMEMBERED` commands are
known by their id; one that comes again is answered as it was answered before.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlite_utils import Database, Migrations

from edge_agent.clock import DeviceClock
from edge_agent.outbox.database import OutboxFile
from protocols.codec import encode, wire_time
from protocols.messages.command import Command, Reply

REMEMBERED = 200
ENDED = frozenset({"done", "failed", "expired", "refused"})
SCHEMA = Migrations("commands")


@SCHEMA(name="0001_commands_replies")
def _first(db: Database) -> None:
    columns = {"number": int, "id": str, "state": str, "command": bytes, "answer": bytes}
    db.table("commands").create(columns, pk="number", strict=True)
    db.table("commands").create_index(["id"], unique=True)
    # AUTOINCREMENT: the number of a reply that the centre has may not be given to another one.
    db.execute(
        "CREATE TABLE replies (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, boot TEXT NOT NULL,"
        " reply BLOB NOT NULL) STRICT"
    )


@dataclass(frozen=True)
class Unfinished:
    """A command that was taken and not ended: whether it had begun."""

    command: Command
    has_begun: bool


class Journal:
    """Every method may be called from any thread. Raises OutboxFull, OutboxBusy where it writes."""

    def __init__(self, file: OutboxFile, clock: DeviceClock) -> None:
        self._file, self._clock = file, clock
        with file.lock:
            SCHEMA.apply(Database(file.connection))

    def take(self, command: Command) -> bool:
        """Write down a command that came and accept it; False for one that is known: its last answer is given again."""
        with self._file.writing() as connection:
            known = connection.execute("SELECT state, answer FROM commands WHERE id = ?", (command.id,)).fetchone()
            if known is not None:
                self._answer_again(connection, command.id, known[1])
                return False
            row = (command.id, "accepted", encode(command), b"")
            connection.execute("INSERT INTO commands (id, state, command, answer) VALUES (?, ?, ?, ?)", row)
            self._reply(connection, command.id, lambda number: self._said(command.id, number, "accepted"))
            connection.execute(
                "DELETE FROM commands WHERE state IN ('done', 'failed', 'expired', 'refused')"
                " AND number <= (SELECT max(number) FROM commands) - ?",
                (REMEMBERED,),
            )
        return True

    def say(self, command_id: str, state: str, **more: Any) -> bool:
        """Write down how far a command has come: any of `progress`, `result`, `why`; False when it has ended before."""
        with self._file.writing() as connection:
            known = connection.execute("SELECT state FROM commands WHERE id = ?", (command_id,)).fetchone()
            if known is None or known[0] in ENDED:
                return False
            self._reply(connection, command_id, lambda number: self._said(command_id, number, state, **more))
            connection.execute("UPDATE commands SET state = ? WHERE id = ?", (state, command_id))
        return True

    def unfinished(self) -> list[Unfinished]:
        """What was taken and not ended, oldest first."""
        with self._file.lock:
            rows = self._file.connection.execute("SELECT command, state FROM commands ORDER BY number").fetchall()
        open_rows = [(payload, state) for payload, state in rows if state not in ENDED]
        return [Unfinished(msgspec.json.decode(payload, type=Command), state == "running") for payload, state in open_rows]

    def waiting(self, after: int = 0) -> list[tuple[int, bytes]]:
        """Replies that the centre does not have, from one number on, in order: number and the bytes to send."""
        with self._file.lock:
            query = "SELECT number, reply FROM replies WHERE number > ? ORDER BY number"
            return self._file.connection.execute(query, (after,)).fetchall()

    def acknowledged(self, boot: str, numbers: Sequence[int]) -> None:
        """The centre has these replies, written in that boot."""
        with self._file.writing() as connection:
            rows = [(number, boot) for number in numbers]
            connection.executemany("DELETE FROM replies WHERE number = ? AND boot = ?", rows)

    def _answer_again(self, connection: sqlite3.Connection, command_id: str, answer: bytes) -> None:
        is_waiting = connection.execute("SELECT 1 FROM replies WHERE id = ?", (command_id,)).fetchone()
        if is_waiting is None:
            before = msgspec.json.decode(answer, type=Reply)
            self._reply(connection, command_id, lambda number: replace(before, number=number, boot=self._clock.boot))

    def _reply(self, connection: sqlite3.Connection, command_id: str, reply: Callable[[int], Reply]) -> None:
        row = (command_id, self._clock.boot)
        inserted = connection.execute("INSERT INTO replies (id, boot, reply) VALUES (?, ?, x'')", row)
        number = int(inserted.lastrowid or 0)
        payload = encode(reply(number))
        connection.execute("UPDATE replies SET reply = ? WHERE number = ?", (payload, number))
        connection.execute("UPDATE commands SET answer = ? WHERE id = ?", (payload, command_id))

    def _said(self, command_id: str, number: int, state: str, **more: Any) -> Reply:
        at, boot = wire_time(self._clock.now().at), self._clock.boot
        said = {"command": command_id, "number": number, "boot": boot, "state": state, "at": at, **more}
        return msgspec.convert(said, Reply)
