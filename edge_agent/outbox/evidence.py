"""The spool of pictures and stretches behind events: rows that leave when the centre acknowledges their hash."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.entry import Attachment
from edge_agent.outbox.ranks import Rank
from protocols.messages.evidence import MAX_EVIDENCE_BYTES, MediaType

REMEMBERED = 256  # pieces lately acknowledged: a still shelf shows the same picture every interval


@dataclass(frozen=True)
class Spooled:
    """One piece of evidence that waits, and the event it belongs to."""

    sequence: int
    name: str
    boot: str
    attachment: Attachment


class EvidenceSpool:
    """Evidence not yet acknowledged, oldest first."""

    def __init__(self, file: OutboxFile) -> None:
        self._file = file

    def next_after(self, sequence: int, upto: int) -> Spooled | None:
        """The oldest piece of an event after `sequence`, and not beyond `upto`, the last one that was sent.

        Sequences, not row ids: SQLite gives the id of a row that was the newest and left to the next one.
        """
        with self._file.lock:
            row = self._file.connection.execute(
                "SELECT sequence, sha256, boot, media_type, taken_at, data FROM evidence"
                " WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT 1",
                (sequence, upto),
            ).fetchone()
        if row is None:
            return None
        taken_at = datetime.fromisoformat(row[4])
        return Spooled(row[0], row[1], row[2], Attachment(cast(MediaType, row[3]), taken_at, row[5]))

    def delivered(self, names: list[str]) -> int:
        """Drop what the centre has; how many pieces that was. Raises OutboxFull."""
        with self._file.writing() as connection:
            gone = sum(connection.execute("DELETE FROM evidence WHERE sha256 = ?", (name,)).rowcount for name in names)
        with self._file.lock:
            self._file.uploaded.update(dict.fromkeys(names))
            for name in list(self._file.uploaded)[:-REMEMBERED]:
                del self._file.uploaded[name]
        return gone

    def forget_delivered(self) -> None:
        """The centre has another past: what it acknowledged may be gone, so the next event sends its picture again."""
        with self._file.lock:
            self._file.uploaded.clear()

    def count(self) -> int:
        """How many pieces wait."""
        with self._file.lock:
            return int(self._file.connection.execute("SELECT count(*) FROM evidence").fetchone()[0])


def spool(connection: sqlite3.Connection, sequence: int, boot: str, attachment: Attachment, rank: Rank) -> None:
    """Keep the evidence of an event, in the transaction that writes the event; once, if several events show the same."""
    if len(attachment.content) > MAX_EVIDENCE_BYTES:
        raise ValueError(f"evidence of {len(attachment.content)} bytes; at most {MAX_EVIDENCE_BYTES} fit into one message")
    connection.execute(
        "INSERT INTO evidence (sequence, sha256, boot, media_type, taken_at, data, class) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7"
        " WHERE NOT EXISTS (SELECT 1 FROM evidence WHERE sha256 = ?2)",
        (
            sequence,
            attachment.name,
            boot,
            attachment.media_type,
            attachment.taken_at.isoformat(),
            attachment.content,
            int(rank),
        ),
    )
