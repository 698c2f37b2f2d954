"""What to do with a damaged outbox, and with one whose numbers are behind the centre's.

A damaged file is set aside by renaming, never deleted. Its counter and every row that can still be read move into a fresh
file; what cannot be read is declared lost in its place. Without its counter nothing is guessed: numbers that the centre has
seen already would be taken for repetitions, and their events be lost.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from edge_agent.errors import OutboxCorrupt
from edge_agent.outbox.database import OutboxFile, open_read_only
from edge_agent.outbox.entry import Stamper
from edge_agent.outbox.queue import boot_key
from protocols.codec import encode, read_event
from protocols.envelope import Event
from protocols.errors import Unreadable
from protocols.messages.lost import Lost
from protocols.messages.registry import read_data

_log = structlog.get_logger()

StoredRow = tuple[int, str, int, bytes]
_LOST = "lost/1"
_ROWS = "SELECT sequence, boots.boot, created_ms, event FROM events JOIN boots ON boots.id = events.boot"


@dataclass(frozen=True)
class Salvage:
    """What could be read of a damaged file; `holes` are the ranges of sequences that could not."""

    last: int
    acknowledged: int
    corruptions: int
    rows: list[StoredRow]
    holes: list[tuple[int, int]]


def open_outbox(path: Path, stamper: Stamper) -> OutboxFile:
    """The outbox at `path`, rescued when damaged. Raises OutboxCorrupt when its counter is gone, OutboxBusy, OutboxFull."""
    try:
        return OutboxFile(path)
    except OutboxCorrupt as error:
        salvage = _salvaged(path, str(error))
    aside = set_file_aside(path, stamper.clock.now().at)
    _log.error(
        "outbox_damaged", set_aside=str(aside), kept=len(salvage.rows), lost=salvage.holes, remedy="check the card or disk"
    )
    file = OutboxFile(path)
    _refill(file, salvage, stamper)
    return file


def continue_after(path: Path, upto: int, now: datetime) -> int:
    """Give the next event the sequence after `upto`; what waits is numbered anew behind it. How many wait.

    Raises OutboxBusy, OutboxFull.
    """
    try:
        file = OutboxFile(path)
    except OutboxCorrupt:
        set_file_aside(path, now)
        file = OutboxFile(path)
    with closing(file), file.writing() as connection:
        acknowledged = connection.execute("SELECT acknowledged FROM counter").fetchone()[0]
        waiting = _waiting(connection, acknowledged)
        connection.execute("DELETE FROM events")
        for number, (_, boot, created_ms, event) in enumerate(waiting, upto + 1):
            row = (number, boot_key(connection, boot), created_ms, _renumbered(event, number))
            connection.execute("INSERT INTO events VALUES (?, ?, ?, ?)", row)
        for number, (sequence, *_) in enumerate(waiting, upto + 1):
            connection.execute("UPDATE evidence SET sequence = ? WHERE sequence = ?", (-number, sequence))
        connection.execute("UPDATE evidence SET sequence = -sequence WHERE sequence < 0")
        connection.execute("UPDATE counter SET last = ?, acknowledged = ?", (upto + len(waiting), upto))
    return len(waiting)


def set_file_aside(path: Path, now: datetime) -> Path:
    """Rename a damaged file and its log; the new name."""
    aside = path.with_name(f"{path.stem}.damaged-{now:%Y%m%dT%H%M%S}{path.suffix}")
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


def _salvaged(path: Path, damage: str) -> Salvage:
    try:
        with closing(open_read_only(path)) as connection:
            last, acknowledged, corruptions = connection.execute(
                "SELECT last, acknowledged, corruptions FROM counter"
            ).fetchone()
            rows = list(_readable(connection, acknowledged, last))
    except (sqlite3.Error, TypeError) as error:
        raise OutboxCorrupt(
            f"{damage}; its counter cannot be read ({error}). Find the last stored sequence N of this device on the "
            "centre's Devices page and run: tallyhouse-edge outbox --config FILE --continue-after N"
        ) from error
    return Salvage(last, acknowledged, corruptions, rows, _holes(rows, acknowledged, last))


def _readable(connection: sqlite3.Connection, after: int, upto: int) -> Iterator[StoredRow]:
    for sequence in range(after + 1, upto + 1):
        with suppress(sqlite3.Error, Unreadable):
            row: StoredRow | None = connection.execute(f"{_ROWS} WHERE sequence = ?", (sequence,)).fetchone()
            if row is not None and read_event(row[3]).sequence == sequence:
                yield row


def _holes(rows: list[StoredRow], after: int, upto: int) -> list[tuple[int, int]]:
    """The ranges of sequences that no row covers; a declared loss covers its whole range."""
    holes, due = [], after + 1
    for sequence, *_, event in rows:
        if sequence > due:
            holes.append((due, sequence - 1))
        loss = _loss(read_event(event))
        due = max(due, (loss.last if loss else sequence) + 1)
    return [*holes, (due, upto)] if due <= upto else holes


def _refill(file: OutboxFile, salvage: Salvage, stamper: Stamper) -> None:
    with file.writing() as connection:
        for sequence, boot, created_ms, event in salvage.rows:
            row = (sequence, boot_key(connection, boot), created_ms, event)
            connection.execute("INSERT INTO events VALUES (?, ?, ?, ?)", row)
        for first, last in salvage.holes:
            entry = stamper.entry(Lost(first=first, last=last, reason="corrupt"))
            created_ms = int(entry.occurred_at.timestamp() * 1000)
            row = (first, boot_key(connection, entry.boot), created_ms, entry.as_event(first))
            connection.execute("INSERT INTO events VALUES (?, ?, ?, ?)", row)
        counted = (salvage.last, salvage.acknowledged, salvage.corruptions + 1)
        connection.execute("UPDATE counter SET last = ?, acknowledged = ?, corruptions = ?", counted)


def _waiting(connection: sqlite3.Connection, after: int) -> list[StoredRow]:
    return connection.execute(f"{_ROWS} WHERE sequence > ? ORDER BY sequence", (after,)).fetchall()


def _renumbered(event: bytes, sequence: int) -> bytes:
    moved = msgspec.structs.replace(read_event(event), sequence=sequence)
    loss = _loss(moved)
    if loss is not None:
        here = msgspec.structs.replace(loss, first=sequence, last=sequence)
        moved = msgspec.structs.replace(moved, data=msgspec.Raw(encode(here)))
    return encode(moved)


def _loss(event: Event) -> Lost | None:
    data = read_data(event.kind, event.data) if event.kind == _LOST else None
    return data if isinstance(data, Lost) else None
