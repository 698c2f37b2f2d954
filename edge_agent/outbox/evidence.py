"""The spool of pictures and stretches behind events, with what is known of their upload.

A piece that the centre has acknowledged stays, while there is room, as long as acknowledged events do: a restored centre
gets it again, and a still shelf, which shows the same picture every interval, does not send it again. When there is no
room, delivered pieces leave first, then those of routine events, those of alarms last, each time the oldest.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast, get_args

import structlog

from edge_agent.errors import OutboxBusy, OutboxFull
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.entry import Attachment
from edge_agent.outbox.ranks import Rank
from protocols.messages.evidence import MAX_EVIDENCE_BYTES, MediaType

LATEST_MS = 2**62

_log = structlog.get_logger()


@dataclass(frozen=True)
class Spooled:
    """One piece of evidence that waits, and the event it belongs to. offset: bytes that the centre has of it already."""

    sequence: int
    name: str
    boot: str
    attachment: Attachment
    offset: int = 0


class EvidenceSpool:
    """Evidence not yet acknowledged, oldest first."""

    def __init__(self, file: OutboxFile) -> None:
        self._file = file

    def next_after(self, sequence: int, upto: int) -> Spooled | None:
        """The oldest piece of an event after `sequence`, and not beyond `upto`, the last one that was sent.

        Sequences, not row ids: SQLite gives the id of a row that was the newest and left to the next one. A piece whose
        bytes no longer fit their name is dropped: the centre would refuse it for ever. Raises OutboxFull.
        """
        while (row := self._next(sequence, upto)) is not None:
            number, name, boot, offset, media_type, taken_at, content = row
            attachment = read_attachment(name, media_type, taken_at, content)
            if attachment is not None:
                return Spooled(number, name, boot, attachment, offset)
            _log.error("evidence_damaged", sequence=number, sha256=name, remedy="check the card or disk")
            with self._file.writing() as connection:
                _drop(connection, [number])
        return None

    def progressed(self, name: str, upto_bytes: int) -> None:
        """The centre has the first so many bytes of a piece: the rest goes on from there, also after a restart.

        Raises OutboxFull.
        """
        with self._file.writing() as connection:
            connection.execute("UPDATE pieces SET acknowledged_bytes = ? WHERE sha256 = ?", (upto_bytes, name))

    def delivered(self, names: Sequence[str]) -> int:
        """The centre has these; how many of them waited. Raises OutboxFull."""
        at_ms = self._file.written_ms
        query = "UPDATE pieces SET delivered_ms = ? WHERE sha256 = ? AND delivered_ms IS NULL"
        with self._file.writing() as connection:
            return sum(connection.execute(query, (at_ms, name)).rowcount for name in names)

    def forget_delivered(self) -> None:
        """The centre has another past: what it acknowledged may be gone, so all that is still here goes again."""
        try:
            with self._file.writing() as connection:
                send_again(connection)
        except (OutboxFull, OutboxBusy) as error:
            _log.warning("evidence_not_sent_again", why=str(error))

    def count(self) -> int:
        """How many pieces wait."""
        with self._file.lock:
            query = "SELECT count(*) FROM pieces WHERE delivered_ms IS NULL"
            return int(self._file.connection.execute(query).fetchone()[0])

    def _next(self, sequence: int, upto: int) -> tuple[int, str, str, int, str, str, bytes] | None:
        with self._file.lock:
            row: tuple[int, str, str, int, str, str, bytes] | None = self._file.connection.execute(
                "SELECT sequence, pieces.sha256, boot, acknowledged_bytes, media_type, taken_at, data"
                " FROM pieces JOIN evidence USING (sequence)"
                " WHERE delivered_ms IS NULL AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT 1",
                (sequence, upto),
            ).fetchone()
        return row


def read_attachment(name: str, media_type: str, taken_at: str, content: bytes) -> Attachment | None:
    """The piece that a row holds; None when its bytes no longer fit its name, or the row is damaged otherwise."""
    try:
        attachment = Attachment(cast(MediaType, media_type), datetime.fromisoformat(taken_at), content)
        return attachment if attachment.name == name and media_type in get_args(MediaType) else None
    except (TypeError, ValueError):
        return None


def spool(connection: sqlite3.Connection, sequence: int, boot: str, attachment: Attachment, rank: Rank) -> None:
    """Keep the evidence of an event, in the transaction that writes the event; once, if several events show the same."""
    if len(attachment.content) > MAX_EVIDENCE_BYTES:
        raise ValueError(f"evidence of {len(attachment.content)} bytes; at most {MAX_EVIDENCE_BYTES} are allowed")
    name, taken_at = attachment.name, attachment.taken_at.isoformat()
    found = connection.execute("SELECT sequence, class FROM pieces WHERE sha256 = ?", (name,)).fetchone()
    if found is not None:
        if rank < found[1]:
            connection.execute("UPDATE pieces SET class = ? WHERE sequence = ?", (int(rank), found[0]))
        return
    piece = (sequence, name, int(rank), len(attachment.content))
    connection.execute("INSERT INTO pieces VALUES (?, ?, ?, ?, 0, NULL)", piece)
    connection.execute(
        "INSERT INTO evidence (sequence, sha256, boot, media_type, taken_at, data) VALUES (?, ?, ?, ?, ?, ?)",
        (sequence, name, boot, attachment.media_type, taken_at, attachment.content),
    )


def spooled_bytes(connection: sqlite3.Connection) -> int:
    """Bytes of all pieces, delivered ones too."""
    return int(connection.execute("SELECT coalesce(sum(bytes), 0) FROM pieces").fetchone()[0])


def send_again(connection: sqlite3.Connection) -> None:
    """Let everything that is still here wait again, from its first byte, in the caller's transaction."""
    connection.execute("UPDATE pieces SET delivered_ms = NULL, acknowledged_bytes = 0")


def forget_old(connection: sqlite3.Connection, delivered_before_ms: int) -> None:
    """Drop what was delivered before then, in the caller's transaction."""
    query = "SELECT sequence FROM pieces WHERE delivered_ms <= ?"
    _drop(connection, [row[0] for row in connection.execute(query, (delivered_before_ms,))])


def move_in_time(connection: sqlite3.Connection, leap_ms: int) -> None:
    """Date what was delivered by a wall clock that leapt since, in the caller's transaction."""
    connection.execute("UPDATE pieces SET delivered_ms = delivered_ms + ? WHERE delivered_ms IS NOT NULL", (leap_ms,))


def evict_pieces(connection: sqlite3.Connection, wanted_bytes: int, only_delivered: bool = False) -> tuple[int, int]:
    """Drop pieces worth so many bytes, in the caller's transaction: how many that waited, how many in all."""
    gone, freed, waited = list[int](), 0, 0
    found = connection.execute(
        "SELECT sequence, bytes, delivered_ms IS NULL FROM pieces WHERE delivered_ms IS NOT NULL OR NOT ?"
        " ORDER BY delivered_ms IS NULL, class = 1, sequence",
        (only_delivered,),
    )
    for sequence, size, waits in found.fetchall():
        if freed >= wanted_bytes:
            break
        gone.append(sequence)
        freed += size
        waited += waits
    _drop(connection, gone)
    return waited, len(gone)


def renumber(connection: sqlite3.Connection, moves: Sequence[tuple[int, int]]) -> None:
    """Let pieces follow their events (old, new sequence); what was delivered leaves, its number may be needed."""
    forget_old(connection, LATEST_MS)
    rows = [(-new, old) for old, new in moves]
    connection.executemany("UPDATE pieces SET sequence = ? WHERE sequence = ?", rows)
    connection.executemany("UPDATE evidence SET sequence = ? WHERE sequence = ?", rows)
    connection.execute("UPDATE pieces SET sequence = -sequence WHERE sequence < 0")
    connection.execute("UPDATE evidence SET sequence = -sequence WHERE sequence < 0")


def _drop(connection: sqlite3.Connection, sequences: Sequence[int]) -> None:
    rows = [(sequence,) for sequence in sequences]
    connection.executemany("DELETE FROM pieces WHERE sequence = ?", rows)
    connection.executemany("DELETE FROM evidence WHERE sequence = ?", rows)
