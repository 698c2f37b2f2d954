"""What to do with a damaged outbox, and with one whose numbers are behind the centre's.

A damaged file is set aside by renaming; the newest two are kept while there is room. Its counter and every row that can
still be read move into a fresh file (`salvage.py`); what cannot be read is declared lost in its place. Without its counter
nothing is guessed: numbers that the centre has seen already would be taken for repetitions, and their events be lost.
"""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from edge_agent.errors import OutboxCorrupt
from edge_agent.outbox.aside import remove, set_file_aside
from edge_agent.outbox.counter import read_counter, write_counter
from edge_agent.outbox.database import PAGE_BYTES, Lock, OutboxFile, log_of
from edge_agent.outbox.entry import Stamper
from edge_agent.outbox.evidence import renumber
from edge_agent.outbox.log_check import log_damage, reseal
from edge_agent.outbox.rows import SELECT_ROWS, StoredRow, declared, put_rows, whole_rows
from edge_agent.outbox.salvage import salvaged
from protocols.codec import encode, read_event

_log = structlog.get_logger()


def open_outbox(path: Path, stamper: Stamper) -> OutboxFile:
    """The outbox at `path`, rescued when damaged. Raises OutboxCorrupt when its counter is gone, OutboxBusy, OutboxFull."""
    _bring_home(path, stamper.clock.now().at)
    try:
        return OutboxFile(path)
    except OutboxCorrupt as error:
        damage = str(error)
    with closing(Lock(path.with_suffix(".lock"))):
        _mend(path, damage, stamper)
    return OutboxFile(path)


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


def _mend(path: Path, damage: str, stamper: Stamper) -> None:
    making = path.with_name(f"{path.stem}.making{path.suffix}")
    remove(making)
    if log_damage(log_of(path), path, PAGE_BYTES) is not None:
        shutil.copyfile(log_of(path), path.with_name(f"{path.name}-wal-unsealed"))
        reseal(log_of(path), PAGE_BYTES)
    salvage = salvaged(path, making, damage, stamper)
    making.rename(_mended(path))
    remove(making)
    aside = _bring_home(path, stamper.clock.now().at)
    _log.error(
        "outbox_damaged",
        why=damage,
        set_aside=str(aside),
        kept=salvage.kept,
        lost=salvage.holes,
        remedy="check the card or disk",
    )


def _bring_home(path: Path, now: datetime) -> Path | None:
    """Let a mended file, if there is one, take the damaged one's place; where that went."""
    if not _mended(path).exists():
        return None
    aside = set_file_aside(path, now)
    _mended(path).rename(path)
    return aside


def _mended(path: Path) -> Path:
    return path.with_name(f"{path.stem}.mended{path.suffix}")


def _waiting(connection: sqlite3.Connection, after: int) -> list[StoredRow]:
    return list(whole_rows(connection.execute(f"{SELECT_ROWS} WHERE sequence > ? ORDER BY sequence", (after,))))


def _renumbered(row: StoredRow, sequence: int) -> StoredRow:
    moved = msgspec.structs.replace(read_event(row.event), sequence=sequence)
    loss = declared(row)
    if loss is not None:
        here = msgspec.structs.replace(loss, first=sequence, last=sequence)
        moved = msgspec.structs.replace(moved, data=msgspec.Raw(encode(here)))
    return row._replace(sequence=sequence, event=encode(moved))
