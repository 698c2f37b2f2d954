"""What to do with a damaged outbox, and with one whose numbers are behind the centre's.

A damaged file is set aside by renaming, never deleted. Its counter and every row that can still be read move into a fresh
file; what cannot be read is declared lost in its place. Without its counter nothing is guessed: numbers that the centre has
seen already would be taken for repetitions, and their events be lost.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from edge_agent.errors import OutboxCorrupt
from edge_agent.outbox.counter import Counter, read_counter, write_counter
from edge_agent.outbox.database import OutboxFile, open_read_only
from edge_agent.outbox.entry import Stamper
from edge_agent.outbox.evidence import renumber
from edge_agent.outbox.ranks import Rank
from edge_agent.outbox.rows import SELECT_ROWS, StoredRow, put_rows, whole_rows
from protocols.codec import encode, read_event
from protocols.envelope import Event
from protocols.messages.lost import Lost
from protocols.messages.registry import read_data

_log = structlog.get_logger()

_LOST = "lost/1"


@dataclass(frozen=True)
class Salvage:
    """What could be read of a damaged file; `holes` are the ranges of sequences that could not."""

    counter: Counter
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
        counter = read_counter(connection)
        waiting = _waiting(connection, counter.acknowledged)
        connection.execute("DELETE FROM events")
        put_rows(connection, (_renumbered(row, number) for number, row in enumerate(waiting, upto + 1)))
        renumber(connection, [(row.sequence, number) for number, row in enumerate(waiting, upto + 1)])
        write_counter(connection, replace(counter, last=upto + len(waiting), acknowledged=upto))
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
            counter = read_counter(connection)
            rows = list(_readable(connection, counter.acknowledged, counter.last))
    except (sqlite3.Error, OutboxCorrupt) as error:
        raise OutboxCorrupt(
            f"{damage}; its counter cannot be read ({error}). Find the last stored sequence N of this device on the "
            "centre's Devices page and run: tallyhouse-edge outbox --config FILE --continue-after N"
        ) from error
    return Salvage(counter, rows, _holes(rows, counter.acknowledged, counter.last))


def _readable(connection: sqlite3.Connection, after: int, upto: int) -> Iterator[StoredRow]:
    for sequence in range(after + 1, upto + 1):
        with suppress(sqlite3.Error):
            yield from whole_rows(connection.execute(f"{SELECT_ROWS} WHERE sequence = ?", (sequence,)))


def _holes(rows: list[StoredRow], after: int, upto: int) -> list[tuple[int, int]]:
    """The ranges of sequences that no row covers; a declared loss covers its whole range."""
    holes, due = [], after + 1
    for row in rows:
        if row.sequence > due:
            holes.append((due, row.sequence - 1))
        loss = _loss(read_event(row.event)) if row.rank is Rank.DECLARED else None
        due = max(due, (loss.last if loss else row.sequence) + 1)
    return [*holes, (due, upto)] if due <= upto else holes


def _refill(file: OutboxFile, salvage: Salvage, stamper: Stamper) -> None:
    with file.writing() as connection:
        put_rows(connection, salvage.rows)
        put_rows(connection, (_declared(stamper, first, last) for first, last in salvage.holes))
        write_counter(connection, replace(salvage.counter, corruptions=salvage.counter.corruptions + 1))


def _declared(stamper: Stamper, first: int, last: int) -> StoredRow:
    entry = stamper.entry(Lost(first=first, last=last, reason="corrupt"))
    created_ms = int(entry.occurred_at.timestamp() * 1000)
    return StoredRow(first, entry.boot, created_ms, Rank.DECLARED, entry.as_event(first))


def _waiting(connection: sqlite3.Connection, after: int) -> list[StoredRow]:
    return list(whole_rows(connection.execute(f"{SELECT_ROWS} WHERE sequence > ? ORDER BY sequence", (after,))))


def _renumbered(row: StoredRow, sequence: int) -> StoredRow:
    moved = msgspec.structs.replace(read_event(row.event), sequence=sequence)
    loss = _loss(moved)
    if loss is not None:
        here = msgspec.structs.replace(loss, first=sequence, last=sequence)
        moved = msgspec.structs.replace(moved, data=msgspec.Raw(encode(here)))
    return row._replace(sequence=sequence, event=encode(moved))


def _loss(event: Event) -> Lost | None:
    data = read_data(event.kind, event.data) if event.kind == _LOST else None
    return data if isinstance(data, Lost) else None
