"""Events that leave because there is no room: the least precious class first, its oldest first, each range declared.

A declaration stands in the sequence where the range begins, with the time and id of the event whose place it takes, so that
the centre's cursor passes over the range; neighbouring ranges become one. What a newer range swallows, `kinds` still counts.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from edge_agent.outbox.ranks import Rank
from edge_agent.outbox.rows import SELECT_ROWS, StoredRow, declared, put_rows, whole_rows
from protocols.codec import encode, read_event
from protocols.envelope import Event
from protocols.messages.lost import Lost

KINDS_NAMED = 32


@dataclass(frozen=True)
class Evicted:
    """What one step did: events that left, and up to which sequence it looked."""

    events: int
    upto: int


@dataclass(frozen=True)
class _Member:
    """A row of a run: the event in it, and the loss it declares if it is one."""

    row: StoredRow
    event: Event
    loss: Lost | None

    @property
    def last(self) -> int:
        return self.row.sequence if self.loss is None else self.loss.last

    @property
    def is_merged(self) -> bool:
        """Whether it may become part of a range: a loss for another reason stays what it is."""
        return self.row.rank is not Rank.DECLARED or (self.loss is not None and self.loss.reason == "evicted")


def evict(connection: sqlite3.Connection, rank: Rank, acknowledged: int, after: int, rows: int) -> Evicted | None:
    """Declare so many events lost that stand after a sequence and are worth no more than `rank`; None: there are none."""
    among = (max(after, acknowledged), int(rank), rows)
    found = connection.execute(f"{SELECT_ROWS} WHERE sequence > ? AND class >= ? ORDER BY sequence LIMIT ?", among)
    victims = list(whole_rows(found))
    if not victims:
        return None
    first, last = victims[0].sequence, victims[-1].sequence
    members = sorted([*victims, *_declared_around(connection, acknowledged, first, last)])
    events = sum(_declare(connection, run) for run in _runs(map(_member, members)) if _is_worth_it(run))
    return Evicted(events, last)


def remainder(connection: sqlite3.Connection, upto: int) -> StoredRow | None:
    """When `upto` lies inside a declared range: the declaration of what is behind it. None: it does not."""
    found = connection.execute(f"{SELECT_ROWS} WHERE sequence <= ? ORDER BY sequence DESC LIMIT 1", (upto,))
    row = next(whole_rows(found), None)
    loss = None if row is None else declared(row)
    if row is None or loss is None or loss.last <= upto:
        return None
    raw = msgspec.Raw(encode(Lost(first=upto + 1, last=loss.last, reason=loss.reason)))
    event = msgspec.structs.replace(read_event(row.event), sequence=upto + 1, data=raw)
    return row._replace(sequence=upto + 1, event=encode(event))


def _declared_around(connection: sqlite3.Connection, acknowledged: int, first: int, last: int) -> list[StoredRow]:
    """The declarations between the victims, and the one just before them."""
    before = connection.execute(
        f"{SELECT_ROWS} WHERE sequence > ? AND sequence < ? ORDER BY sequence DESC LIMIT 1", (acknowledged, first)
    )
    between = connection.execute(f"{SELECT_ROWS} WHERE sequence > ? AND sequence < ? AND class = 0", (first, last))
    return [row for row in whole_rows([*before, *between]) if row.rank is Rank.DECLARED]


def _member(row: StoredRow) -> _Member:
    return _Member(row, read_event(row.event), declared(row))


def _runs(members: Iterable[_Member]) -> Iterator[list[_Member]]:
    run: list[_Member] = []
    for member in members:
        if run and not (member.is_merged and run[-1].is_merged and member.row.sequence == run[-1].last + 1):
            yield run
            run = []
        run.append(member)
    if run:
        yield run


def _is_worth_it(run: list[_Member]) -> bool:
    """Whether a declaration is smaller than what it stands for."""
    return run[0].is_merged and sum(len(m.row.event) for m in run) > len(_declaration(run).event)


def _declare(connection: sqlite3.Connection, run: list[_Member]) -> int:
    connection.execute("DELETE FROM events WHERE sequence BETWEEN ? AND ?", (run[0].row.sequence, run[-1].row.sequence))
    put_rows(connection, [_declaration(run)])
    return sum(member.loss is None for member in run)


def _declaration(run: list[_Member]) -> StoredRow:
    first = run[0]
    lost = Lost(first=first.row.sequence, last=run[-1].last, reason="evicted", kinds=_kinds(run))
    raw = msgspec.Raw(encode(lost))
    event = msgspec.structs.replace(first.event, kind="lost/1", data=raw, model=None, evidence=None)
    return first.row._replace(rank=Rank.DECLARED, event=encode(event))


def _kinds(run: list[_Member]) -> dict[str, int]:
    kinds: Counter[str] = Counter()
    for member in run:
        kinds.update({member.event.kind: 1} if member.loss is None else member.loss.kinds)
    return dict(kinds.most_common(KINDS_NAMED))
