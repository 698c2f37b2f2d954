"""A file, row by row: read, judged against itself and against the store, and posted in batches unless it is a rehearsal.

What is right goes in beside what is wrong. Posting the same file again changes nothing, so one that was cut off is simply
posted again. Memory does not grow with the file.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import Generic

from sqlalchemy import Connection

from central.imports import columns
from central.imports.columns import Layout
from central.imports.findings import Finding, Ruling, State, Verdict
from central.imports.kind import Change, Kind, Overview, RecordT
from central.imports.known import Known
from central.imports.seen import Seen, Trace, hashed
from central.spreadsheets.cells import Conventions
from central.spreadsheets.table import Row, Table
from central.store.facts import Fact

BATCH = 2_000

Opening = Callable[[], AbstractContextManager[Connection]]
Wake = Callable[[Connection, Sequence[Fact]], object]


@dataclass(frozen=True)
class Doors:
    """How the store is opened, and what becomes of facts in the same transaction. `writing` None: a rehearsal."""

    reading: Opening
    writing: Opening | None
    wake: Wake
    who: str


@dataclass(frozen=True)
class _Read(Generic[RecordT]):
    row: int
    record: RecordT | None
    ruling: Ruling


@dataclass(frozen=True)
class _Judged(Generic[RecordT]):
    verdict: Verdict
    change: Change[RecordT] | None


class Import(Generic[RecordT]):
    """One file of a kind. `verdicts()` does the work as it is read; `findings` are there once it has ended."""

    def __init__(self, kind: Kind[RecordT], table: Table, how: Conventions, known: Known) -> None:
        self.findings: tuple[Finding, ...] = ()
        self._kind, self._table, self._known = kind, table, known
        self._how = Conventions(how.decimal, how.dates, table.delimiter)
        self._layout: Layout = columns.layout(table.headings, kind.columns)

    def verdicts(self, doors: Doors) -> Iterator[Verdict]:
        """A verdict for each row, in order; those of a batch come once it is in the store."""
        overview = self._kind.overview(self._known)
        with Seen() as seen:
            rows = self._table.rows()
            while batch := list(islice(rows, BATCH)):
                yield from self._batch(batch, seen, overview, doors)
        unknown = tuple(Finding("unknown_heading", "", heading) for heading in self._layout.unknown)
        self.findings = unknown + tuple(overview.findings())

    def _batch(self, rows: Sequence[Row], seen: Seen, overview: Overview[RecordT], doors: Doors) -> list[Verdict]:
        read = [self._read(row) for row in rows]
        firsts = seen.first([self._trace(one.record, one.row) for one in read if one.record is not None])
        opening = doors.reading if doors.writing is None else doors.writing
        with opening() as conn:
            keys = {self._kind.key(one.record) for one in read if one.record is not None}
            stored = self._kind.stored(conn, self._known, keys) if keys else {}
            judged = [self._judge(one, firsts, stored) for one in read]
            changes = [one.change for one in judged if one.change is not None]
            if doors.writing is not None and changes:
                doors.wake(conn, self._kind.write(conn, self._known, changes, doors.who))
        for one in read:
            if one.record is not None:
                overview.see(one.record)
        return [one.verdict for one in judged]

    def _read(self, row: Row) -> _Read[RecordT]:
        ruling = Ruling()
        values = columns.values(row.cells, self._kind.columns, self._layout, self._how, ruling)
        record = None if ruling.faults else self._kind.build(values, self._known, ruling)
        return _Read(row.number, None if ruling.faults else record, ruling)

    def _judge(self, one: _Read[RecordT], firsts: Mapping[int, Trace], stored: Mapping[str, RecordT]) -> _Judged[RecordT]:
        ruling = one.ruling
        if one.record is None:
            return _Judged(Verdict(one.row, "refused", tuple(ruling.faults), tuple(ruling.notes)), None)
        key, content, _ = self._trace(one.record, one.row)
        first_content, first_row = firsts[key]
        if first_row != one.row:
            return _Judged(_repeated(one, first_row, content == first_content), None)
        old = stored.get(self._kind.key(one.record))
        new = self._kind.merged(old, one.record, ruling)
        if old == new:
            return _Judged(Verdict(one.row, "unchanged", (), tuple(ruling.notes)), None)
        state: State = "new" if old is None else "changed"
        return _Judged(Verdict(one.row, state, (), tuple(ruling.notes)), Change(old, new))

    def _trace(self, record: RecordT, row: int) -> tuple[int, int, int]:
        return hashed(self._kind.key(record)), hashed(repr(record)), row


def _repeated(one: _Read[RecordT], first_row: int, is_same: bool) -> Verdict:
    if is_same:
        return Verdict(one.row, "unchanged", (), (*one.ruling.notes, Finding("repeats_row", "", str(first_row))))
    return Verdict(one.row, "refused", (Finding("contradicts_row", "", str(first_row)),), tuple(one.ruling.notes))
